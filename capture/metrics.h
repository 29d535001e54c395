/*
 * http://ADDRESS:PORT/metrics for Prometheus (capture/metrics_page.h). libmicrohttpd speaks HTTP
 * and is driven by the loop, so that a page is made between two turns, in the thread that
 * counts. Limits: 16 connections at a time, each cut off after 10 s of silence, with 16 KiB of
 * memory for its request.
 */
#ifndef CAPTURE_METRICS_H
#define CAPTURE_METRICS_H

#include "base/attr.h"
#include "base/err.h"

struct metrics;
struct proxy;
struct settings;

/* A listening socket as monitoring.metrics says; -1: err. The caller owns it. */
int metrics_listen(const struct settings *settings, struct err *err) ATTR_USE_RESULT;

/* Serves on the proxy's loop and owns `fd` from here on, also where it fails (NULL). */
struct metrics *metrics_start(struct proxy *p, int fd, struct err *err) ATTR_USE_RESULT;
/* Ends all connections; the memory goes in the loop's next turn. NULL is fine. */
void metrics_stop(struct metrics *m);

#endif
