/*
 * The command line of twinkly-report.
 */
#ifndef REPORT_OPTIONS_H
#define REPORT_OPTIONS_H

#include "base/options.h"
#include "report/summary.h"

struct report_options {
	const char *trace; /* never NULL after OPTIONS_OK; strings are argv's */
	const char *html, *csv, *json, *junit, *markdown; /* NULL: not wanted */
	const char *known;       /* list of known differences to read; NULL: none */
	const char *write_known; /* to write; NULL: none */
	long limit;              /* -1: each report's own; 0: no limit */
	int only;                /* an enum diff_kind or SUMMARY_ANY_KIND */
	bool has_by_test;
	bool is_quiet;
};

/* As options_parse; also refuses files that would overwrite the trace or one another. */
enum options_result report_options_parse(
	int argc, char **argv, struct report_options *o, struct err *err) ATTR_USE_RESULT;

#endif
