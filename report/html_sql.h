/*
 * SQL for the inside of an element of class "sql": key words in <b>, literals in <em>, comments
 * in <i>, everything escaped. What follows the word PASSWORD is not shown.
 */
#ifndef REPORT_HTML_SQL_H
#define REPORT_HTML_SQL_H

#include <stdio.h>

#include "base/bytes.h"

void html_sql(FILE *out, struct bytes statement);

#endif
