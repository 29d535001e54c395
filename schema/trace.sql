-- A Twinkly trace: what two databases answered to the same client, and where they differed.
-- docs/TRACE.md explains it with example queries. `.schema` in the sqlite3 shell shows these
-- comments as well.
--
-- Times: started_us and at_us are microseconds since the trace began (meta 'started'); over
-- exchanges and events they only ever grow, so they are also the one global order. NULL
-- stands for what never came or does not apply. References are for the reader: they are not
-- enforced, because rows of one exchange may be written in any order.
--
-- Layout: about 70 bytes an exchange with one command, beside the bytes of request, answer
-- and parameters. Hence few indexes: an exchange is found by its id, never by its session.

CREATE TABLE meta ( -- facts about the whole trace
	key TEXT NOT NULL PRIMARY KEY, -- 'started', 'twinkly_version', ...
	value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE backend ( -- the two databases
	role TEXT NOT NULL PRIMARY KEY, -- 'truth': its answers reached the client; 'candidate'
	name TEXT NOT NULL, -- as configured: 'PostgreSQL', 'YugabyteDB'
	host TEXT NOT NULL,
	port INTEGER NOT NULL,
	server_version TEXT NOT NULL -- '' while no session has been opened
) STRICT, WITHOUT ROWID;

CREATE TABLE verdict ( -- the words for verdict numbers
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL, -- 'equal', 'mismatch', ...
	meaning TEXT NOT NULL
) STRICT;

CREATE TABLE difference_kind ( -- the words for kinds of difference
	id INTEGER PRIMARY KEY,
	name TEXT NOT NULL, -- 'row-count', 'value', ...
	severity TEXT, -- 'data', 'behaviour', 'shape', 'operation'
	meaning TEXT NOT NULL
) STRICT;

CREATE TABLE session ( -- one connection of the client
	id INTEGER PRIMARY KEY, -- from 1, in order of connecting
	user TEXT NOT NULL,
	database TEXT NOT NULL,
	application_name TEXT NOT NULL, -- '' if the client gave none
	client TEXT NOT NULL, -- the client's address
	started_us INTEGER NOT NULL,
	startup BLOB NOT NULL -- the startup packet's parameters: name NUL value NUL ...
) STRICT;

CREATE TABLE event ( -- what happened to a session beside its exchanges
	id INTEGER PRIMARY KEY,
	session INTEGER NOT NULL REFERENCES session,
	at_us INTEGER NOT NULL,
	what TEXT NOT NULL, -- 'connect', 'disconnect', 'cancel', 'refused', ...
	detail TEXT
) STRICT;

CREATE TABLE statement ( -- each distinct statement text once
	id INTEGER PRIMARY KEY,
	text TEXT NOT NULL -- in the client's encoding
) STRICT;

CREATE TABLE exchange ( -- from the client's first byte to the ReadyForQuery that answers it
	id INTEGER PRIMARY KEY, -- from 1, in order of starting
	session INTEGER NOT NULL REFERENCES session,
	started_us INTEGER NOT NULL, -- when the first byte was sent
	truth_us INTEGER, -- from there to the ReadyForQuery; NULL: never came
	candidate_us INTEGER,
	verdict INTEGER NOT NULL REFERENCES verdict, -- the worst of its commands
	truth_status TEXT, -- of ReadyForQuery: 'I' idle, 'T' in a transaction, 'E' failed one
	candidate_status TEXT,
	truth_len INTEGER NOT NULL, -- whole length of the answer in bytes
	candidate_len INTEGER NOT NULL,
	note TEXT, -- why the verdict is what it is, or what the client got instead
	request BLOB NOT NULL, -- the client's messages; more of them in request_part
	truth BLOB NOT NULL, -- the answer's first bytes; more of them may be in packed
	candidate BLOB -- NULL: the same bytes as truth
) STRICT;

CREATE TABLE packed ( -- what follows exchange.truth and candidate of long answers, compressed
	exchange INTEGER PRIMARY KEY REFERENCES exchange,
	truth BLOB, -- one zstd frame; NULL: nothing follows
	candidate BLOB,
	truth_len INTEGER NOT NULL, -- bytes when unpacked
	candidate_len INTEGER NOT NULL
) STRICT;

CREATE TABLE redaction ( -- exchanges in which something was replaced (trace.redact, passwords)
	exchange INTEGER PRIMARY KEY REFERENCES exchange,
	request INTEGER NOT NULL, -- how many places of the client's messages
	answers INTEGER NOT NULL -- and of the two answers
) STRICT;

CREATE TABLE session_count ( -- how many exchanges each session has, so that none must be read
	session INTEGER NOT NULL REFERENCES session,
	verdict INTEGER NOT NULL REFERENCES verdict,
	exchanges INTEGER NOT NULL,
	PRIMARY KEY (session, verdict)
) STRICT, WITHOUT ROWID;

CREATE TABLE request_part ( -- further bytes of a long request (COPY data)
	id INTEGER PRIMARY KEY,
	exchange INTEGER NOT NULL REFERENCES exchange,
	ordinal INTEGER NOT NULL, -- from 1
	body BLOB NOT NULL,
	UNIQUE (exchange, ordinal)
) STRICT;

CREATE TABLE command ( -- one result of an exchange
	exchange INTEGER NOT NULL REFERENCES exchange,
	ordinal INTEGER NOT NULL, -- from 0
	statement INTEGER REFERENCES statement,
	parameters TEXT, -- readable; NULL: none
	tag TEXT, -- of the source of truth: 'INSERT 0 1'; NULL: none
	truth_rows INTEGER, -- NULL: no result set
	candidate_rows INTEGER,
	truth_sqlstate TEXT, -- NULL: no error
	candidate_sqlstate TEXT,
	verdict INTEGER NOT NULL REFERENCES verdict,
	PRIMARY KEY (exchange, ordinal)
) STRICT, WITHOUT ROWID;

CREATE TABLE difference ( -- one way in which the two answers to a command differ
	id INTEGER PRIMARY KEY, -- in order of writing
	exchange INTEGER NOT NULL REFERENCES exchange,
	ordinal INTEGER NOT NULL, -- of the command
	kind INTEGER NOT NULL REFERENCES difference_kind,
	row INTEGER, -- from 1; NULL: not about a row
	column INTEGER, -- from 1; NULL: not about a column
	column_name TEXT,
	truth TEXT, -- readable, cut where long; NULL: SQL NULL, or nothing on that side
	candidate TEXT,
	rule TEXT, -- the rule that allowed it; NULL: none did
	text TEXT NOT NULL -- the sentence for people
) STRICT;

CREATE INDEX difference_exchange ON difference (exchange, ordinal);

CREATE TABLE consequence ( -- mismatches that may follow from what an earlier exchange did
	exchange INTEGER PRIMARY KEY REFERENCES exchange,
	cause INTEGER NOT NULL REFERENCES exchange, -- the earlier one
	table_name TEXT -- that both touch; NULL: whatever the cause's transaction wrote
) STRICT;

CREATE TABLE plan ( -- what a database does for an exchange's slow command
	exchange INTEGER NOT NULL REFERENCES exchange,
	role TEXT NOT NULL, -- 'truth' or 'candidate'
	text TEXT NOT NULL, -- EXPLAIN's lines; with ANALYZE where the statement only reads
	PRIMARY KEY (exchange, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE end_state ( -- tables that were compared after the run (comparison.end-state)
	id INTEGER PRIMARY KEY,
	database TEXT NOT NULL,
	table_schema TEXT NOT NULL, -- '' with table_name '': the whole database was skipped
	table_name TEXT NOT NULL,
	verdict INTEGER NOT NULL REFERENCES verdict, -- equal, mismatch, or not-compared: skipped
	truth_rows INTEGER, -- NULL: no such table, or unknown
	candidate_rows INTEGER,
	text TEXT NOT NULL -- what differs, or why it was skipped; '' where it is equal
) STRICT;

CREATE TABLE gap ( -- what could not be recorded
	id INTEGER PRIMARY KEY,
	at_us INTEGER NOT NULL,
	exchanges INTEGER NOT NULL, -- how many are missing
	reason TEXT NOT NULL
) STRICT;

CREATE VIEW mismatch AS -- each difference that no rule allowed, of commands judged a mismatch
SELECT d.exchange, d.ordinal, e.session, round(e.started_us / 1e6, 6) AS started_s,
	coalesce(k.name, 'unknown') AS kind, k.severity, d.row, d.column, d.column_name,
	d.truth, d.candidate, d.text, c.statement AS statement_id, s.text AS statement, c.parameters
FROM difference d
LEFT JOIN exchange e ON e.id = d.exchange
LEFT JOIN command c ON c.exchange = d.exchange AND c.ordinal = d.ordinal
LEFT JOIN statement s ON s.id = c.statement
LEFT JOIN difference_kind k ON k.id = d.kind
LEFT JOIN verdict v ON v.id = coalesce(c.verdict, e.verdict)
WHERE d.rule IS NULL AND v.name = 'mismatch';

CREATE VIEW mismatch_by_statement AS -- the same grouped; count: commands that were hit
SELECT statement, kind, count(DISTINCT exchange || '.' || ordinal) AS count,
	count(*) AS differences, min(exchange) AS first_exchange,
	count(DISTINCT session) AS sessions
FROM mismatch
GROUP BY statement_id, kind
ORDER BY first_exchange;

CREATE VIEW latency_by_statement AS
-- Only exchanges of one command: the time of longer ones cannot be told apart by statement.
SELECT s.text AS statement, t.*, round(t.candidate_avg_ms / t.truth_avg_ms, 2) AS ratio
FROM (
	SELECT c.statement AS statement_id, count(*) AS count,
		round(avg(e.truth_us) / 1e3, 3) AS truth_avg_ms,
		round(max(e.truth_us) / 1e3, 3) AS truth_max_ms,
		round(avg(e.candidate_us) / 1e3, 3) AS candidate_avg_ms,
		round(max(e.candidate_us) / 1e3, 3) AS candidate_max_ms
	FROM command c
	JOIN exchange e ON e.id = c.exchange
	WHERE c.ordinal = 0 AND c.statement IS NOT NULL
		AND e.truth_us IS NOT NULL AND e.candidate_us IS NOT NULL
		AND NOT EXISTS (
			SELECT 1 FROM command o WHERE o.exchange = c.exchange AND o.ordinal > 0)
	GROUP BY c.statement
) t
JOIN statement s ON s.id = t.statement_id
ORDER BY ratio DESC;

CREATE VIEW session_summary AS -- each session with what became of its exchanges
SELECT s.id AS session, s.user, s.database, s.application_name, s.client,
	round(s.started_us / 1e6, 6) AS started_s,
	count(e.id) AS exchanges,
	count(CASE v.name WHEN 'equal' THEN 1 END) AS equal,
	count(CASE v.name WHEN 'mismatch' THEN 1 END) AS mismatches,
	round(sum(e.truth_us) / 1e3, 3) AS truth_ms,
	round(sum(e.candidate_us) / 1e3, 3) AS candidate_ms
FROM session s
LEFT JOIN exchange e ON e.session = s.id
LEFT JOIN verdict v ON v.id = e.verdict
GROUP BY s.id;

CREATE VIEW exchange_summary AS -- each exchange in one readable line
SELECT e.id AS exchange, e.session, round(e.started_us / 1e6, 6) AS started_s,
	coalesce(v.name, e.verdict) AS verdict,
	round(e.truth_us / 1e3, 3) AS truth_ms, round(e.candidate_us / 1e3, 3) AS candidate_ms,
	e.truth_status, e.candidate_status,
	(SELECT count(*) FROM command c WHERE c.exchange = e.id) AS commands,
	(SELECT s.text FROM command c JOIN statement s ON s.id = c.statement
		WHERE c.exchange = e.id ORDER BY c.ordinal LIMIT 1) AS first_statement,
	e.note
FROM exchange e
LEFT JOIN verdict v ON v.id = e.verdict
ORDER BY e.id;

CREATE VIEW verdict_count AS -- how many commands and exchanges have each verdict
SELECT v.name AS verdict, coalesce(c.n, 0) AS commands, coalesce(e.n, 0) AS exchanges, v.meaning
FROM verdict v
LEFT JOIN (SELECT verdict, count(*) AS n FROM command GROUP BY verdict) c ON c.verdict = v.id
LEFT JOIN (SELECT verdict, count(*) AS n FROM exchange GROUP BY verdict) e ON e.verdict = v.id
ORDER BY v.id;

CREATE VIEW rule_use AS -- what each rule let pass; names 'builtin:...' are the comparison's own
SELECT d.rule, count(*) AS differences,
	count(DISTINCT d.exchange || '.' || d.ordinal) AS commands,
	count(DISTINCT d.exchange) AS exchanges, count(DISTINCT c.statement) AS statements,
	min(d.exchange) AS first_exchange
FROM difference d
LEFT JOIN command c ON c.exchange = d.exchange AND c.ordinal = d.ordinal
WHERE d.rule IS NOT NULL
GROUP BY d.rule
ORDER BY commands DESC, d.rule;

CREATE VIEW rule_share AS -- how much of a statement's executions each rule let pass
SELECT h.rule, h.hidden, t.executions, round(100.0 * h.hidden / t.executions, 1) AS percent,
	s.text AS statement
FROM (
	SELECT d.rule, c.statement AS id, count(DISTINCT d.exchange || '.' || d.ordinal) AS hidden
	FROM difference d
	JOIN command c ON c.exchange = d.exchange AND c.ordinal = d.ordinal
	WHERE d.rule IS NOT NULL
	GROUP BY d.rule, c.statement
) h
JOIN (SELECT statement AS id, count(*) AS executions FROM command GROUP BY statement) t
	ON t.id = h.id
JOIN statement s ON s.id = h.id
ORDER BY percent DESC, h.hidden DESC;
