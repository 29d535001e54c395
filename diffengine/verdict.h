/*
 * The vocabulary of a comparison: verdicts and kinds of difference, each one table from
 * which enum, names, reports, the trace's look-up tables and the docs come. Both tables are
 * append-only: their numbers are stored in traces.
 */
#ifndef DIFFENGINE_VERDICT_H
#define DIFFENGINE_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

/* X(ENUM, "name", rank, "meaning"); an exchange has the verdict of the highest rank among
 * its commands. */
#define VERDICTS(X)                                                                         \
	X(EQUAL, "equal", 0, "both databases gave the same answer")                         \
	X(ALLOWED, "allowed", 2, "the answers differ in what a rule allows")                \
	X(MISMATCH, "mismatch", 7, "the answers differ and no rule allows it")              \
	X(RETRIED, "retried", 1, "the answers differed and were equal when asked again")    \
	X(INCONCLUSIVE, "inconclusive", 6,                                                  \
		"a database did not answer, was cancelled, or lost its connection")         \
	X(UNDECIDABLE, "undecidable", 5,                                                    \
		"the statement or the concurrency does not determine the answer")           \
	X(EXCLUDED, "excluded", 3, "a pattern of the configuration excludes the statement") \
	X(NOT_COMPARED, "not-compared", 4, "only one database was asked")

#define VERDICT_X_ENUM(NAME, name, rank, meaning) VERDICT_##NAME,
enum verdict { VERDICTS(VERDICT_X_ENUM) VERDICT_COUNT };
#undef VERDICT_X_ENUM

enum severity { SEVERITY_DATA, SEVERITY_BEHAVIOUR, SEVERITY_SHAPE, SEVERITY_OPERATION };

/* X(ENUM, "name", severity, "meaning", "what to do") */
#define DIFF_KINDS(X)                                                                             \
	X(ROW_COUNT, "row-count", DATA, "the results have different numbers of rows",             \
		"compare the tables that the statement reads; the first mismatch that wrote to "  \
		"one of them is the likely cause")                                                \
	X(VALUE, "value", DATA, "a column of a row has different values",                         \
		"look at the expression or the column's default on both databases")               \
	X(ORDER, "order", DATA, "the same rows come in another order under ORDER BY",             \
		"check collations and the sort keys on both databases")                           \
	X(COLUMNS, "columns", SHAPE, "the results have different columns",                        \
		"compare the definitions of the tables and views that the statement reads")       \
	X(TYPE, "type", SHAPE, "a column has another data type",                                  \
		"compare the definitions of the tables and views that the statement reads")       \
	X(FORMAT, "format", SHAPE, "a column came as text on one side and binary on the other",   \
		"report it to the database's makers: the client asked both for the same format")  \
	X(TAG, "tag", DATA, "the commands report different counts or verbs",                      \
		"the statement changed another number of rows: compare the tables it touches")    \
	X(ERROR_SUCCESS, "error-success", BEHAVIOUR, "one database failed and the other did not", \
		"look for a constraint, function or feature that exists on one side only")        \
	X(SQLSTATE, "sqlstate", BEHAVIOUR, "both databases failed with different SQLSTATEs",      \
		"check whether the application tells these codes apart")                          \
	X(UNSUPPORTED, "unsupported", BEHAVIOUR, "one database does not support the statement",   \
		"avoid the feature, or allow it by a rule where it does not matter")              \
	X(TRANSACTION_STATUS, "transaction-status", BEHAVIOUR,                                    \
		"the sessions are in different transaction states afterwards",                    \
		"look for a statement before it that failed or committed on one side only")       \
	X(GRAMMAR, "grammar", BEHAVIOUR, "the answers have different sequences of messages",      \
		"report it to the database's makers if the statement is ordinary SQL")            \
	X(COPY_DATA, "copy-data", DATA, "COPY delivered different data",                          \
		"compare the table that was copied")                                              \
	X(PORTAL, "portal", BEHAVIOUR, "a portal was suspended on one side only",                 \
		"compare the number of rows of its statement on both databases")                  \
	X(SLOW, "slow", OPERATION, "one database took much longer than the other",                \
		"compare the plans; an index may be missing")                                     \
	X(INFRASTRUCTURE, "infrastructure", OPERATION,                                            \
		"a database did not answer, or its connection was lost",                          \
		"check that the database is up; then run the test again")                         \
	X(RETRY, "retry", OPERATION, "one database asked for the transaction to be retried",      \
		"run the transaction again; frequent retries point to contention")                \
	X(DEADLOCK, "cross-database-deadlock", OPERATION,                                         \
		"two sessions waited for each other across the two databases",                    \
		"run the transaction again, or run with comparison.execution = serial")           \
	X(FUNCTION_RESULT, "function-result", DATA, "a function call returned different values",  \
		"compare the function's definition on both databases")                            \
	X(PARAMETER_STATUS, "parameter-status", BEHAVIOUR,                                        \
		"a setting that changes how values read has another value afterwards",            \
		"set it alike on both databases")

#define DIFF_X_ENUM(NAME, name, severity, meaning, advice) DIFF_##NAME,
enum diff_kind { DIFF_KINDS(DIFF_X_ENUM) DIFF_KIND_COUNT };
#undef DIFF_X_ENUM

struct diff_kind_info {
	const char *name, *meaning, *advice;
	enum severity severity;
};

/* Total functions: a number out of range (a newer trace) gives a row named "unknown". */
const struct diff_kind_info *diff_kind_info(enum diff_kind kind);
const char *severity_name(enum severity severity); /* "data", "behaviour", "shape", "operation" */
const char *verdict_name(enum verdict verdict);
const char *verdict_meaning(enum verdict verdict);
/* The one of higher rank. */
enum verdict verdict_worst(enum verdict a, enum verdict b);

#endif
