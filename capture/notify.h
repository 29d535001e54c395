/*
 * What systemd wants to know of a service of Type=notify, over the socket named by
 * NOTIFY_SOCKET (sd_notify(3)). Without that variable nothing is done.
 */
#ifndef CAPTURE_NOTIFY_H
#define CAPTURE_NOTIFY_H

/* `state` is "READY=1", "STOPPING=1" and the like. Never blocks, never fails for the caller. */
void notify_manager(const char *state);

#endif
