-- Part of the demo's test suite, run by psql with ON_ERROR_STOP.
BEGIN;
SELECT name, price FROM item WHERE price < 20 ORDER BY price;
SELECT count(*), min(price), max(price) FROM item;
SELECT name FROM item WHERE 'steel' = ANY (tags);
PREPARE cheaper (numeric) AS SELECT name FROM item WHERE price < $1 ORDER BY name;
EXECUTE cheaper (10);
EXECUTE cheaper (100);
DEALLOCATE cheaper;
SAVEPOINT before_prices;
UPDATE item SET price = round(price * 1.05, 2);
SELECT sum(price) FROM item;
ROLLBACK TO before_prices;
SELECT sum(price) FROM item;
COMMIT;
\copy (SELECT id, name, stock FROM item ORDER BY id) to '/dev/null' csv header
CREATE TEMPORARY TABLE incoming (name text, stock integer);
\copy incoming from stdin csv
drill,15
"bolts, box",400
\.
INSERT INTO item (name, price, weight_kg, stock)
SELECT name, 9.99, 0.5, stock FROM incoming RETURNING id, name;
DELETE FROM item WHERE name IN (SELECT name FROM incoming);
SELECT count(*) FROM item;
