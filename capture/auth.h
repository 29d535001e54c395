/*
 * How a client proves who it is (proxy.auth), between its startup packet and the backends:
 *
 *   trust          nothing is asked; but where a database wants a password that the
 *                  configuration does not give, the client is asked for it after all
 *   password       a password in clear text, which the databases check
 *   scram-sha-256  SCRAM against the verifiers of proxy.auth-file
 *
 * All that is kept for it is in struct auth, which is freed, and its secrets wiped, when the
 * session is ready.
 */
#ifndef CAPTURE_AUTH_H
#define CAPTURE_AUTH_H

#include <stdbool.h>

#include "base/attr.h"
#include "capture/scram.h"
#include "capture/startup_packet.h"

struct session;

enum auth_step { AUTH_STEP_NONE, AUTH_STEP_PASSWORD, AUTH_STEP_SCRAM_FIRST, AUTH_STEP_SCRAM_FINAL };

struct auth {
	struct startup_packet packet;
	bool has_asked_tls, has_asked_gss; /* each may be asked for once */
	enum auth_step step;               /* which message is awaited */
	char *password;                    /* as the client gave it; NULL: it was not asked */
	struct scram scram;
	bool truth_has_it, candidate_has_it; /* the password was handed to that side */
};

struct auth *auth_new(void) ATTR_USE_RESULT; /* NULL: no memory */
void auth_free(struct auth *auth);           /* wipes; takes NULL */

/* After the startup packet: asks the client, or goes on with startup_connect at once. */
void auth_begin(struct session *s);
/* Asks for a password in clear text; startup_connect follows. */
void auth_ask_password(struct session *s);
/* Takes the client's answer from its buffer, if it is whole. */
void auth_pump(struct session *s);

#endif
