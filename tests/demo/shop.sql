-- A small shop: what an application's schema is made of.

CREATE TYPE order_state AS ENUM ('new', 'paid', 'sent', 'cancelled');

CREATE TABLE customer (
	id serial PRIMARY KEY,
	name text NOT NULL,
	email text NOT NULL UNIQUE CHECK (email LIKE '%@%'),
	since date NOT NULL
);

CREATE TABLE item (
	id serial PRIMARY KEY,
	name text NOT NULL UNIQUE,
	price numeric(10, 2) NOT NULL CHECK (price >= 0),
	weight_kg double precision NOT NULL,
	stock integer NOT NULL CONSTRAINT item_in_stock CHECK (stock >= 0),
	tags text[] NOT NULL DEFAULT '{}'
);

CREATE TABLE orders (
	id serial PRIMARY KEY,
	customer integer NOT NULL REFERENCES customer,
	placed date NOT NULL,
	state order_state NOT NULL DEFAULT 'new',
	note jsonb
);

CREATE TABLE order_line (
	orders integer NOT NULL REFERENCES orders ON DELETE CASCADE,
	line integer NOT NULL,
	item integer NOT NULL REFERENCES item,
	quantity integer NOT NULL CHECK (quantity > 0),
	PRIMARY KEY (orders, line)
);

-- Ten per cent off for fifty pieces or more.
CREATE FUNCTION line_total(price numeric, quantity integer) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
	SELECT round(price * quantity * CASE WHEN quantity >= 50 THEN 0.9 ELSE 1 END, 2)
$$;

CREATE VIEW order_total AS
SELECT o.id, c.name AS customer, o.state, count(*) AS lines,
	sum(line_total(i.price, l.quantity)) AS total
FROM orders o
JOIN customer c ON c.id = o.customer
JOIN order_line l ON l.orders = o.id
JOIN item i ON i.id = l.item
GROUP BY o.id, c.name, o.state;

CREATE VIEW shipping_weight AS
SELECT name, weight_kg, weight_kg / 0.45359237 AS weight_lb FROM item;

INSERT INTO customer (name, email, since) VALUES
	('Hardware Ltd', 'buy@hardware.example', '2021-03-01'),
	('Garden & Sons', 'office@garden.example', '2022-06-15'),
	('Workshop 9', 'nine@workshop.example', '2024-02-29');

INSERT INTO item (name, price, weight_kg, stock, tags) VALUES
	('hammer', 19.90, 0.75, 120, '{tool,steel}'),
	('saw', 24.50, 0.6, 40, '{tool}'),
	('nails, box', 4.25, 1.1, 900, '{steel,small}'),
	('ladder', 129.00, 12.3, 7, '{big}'),
	('rope, 20 m', 15.80, 1.45, 60, '{outdoor}'),
	('gloves', 8.95, 0.15, 300, '{}');

INSERT INTO orders (customer, placed, state, note) VALUES
	(1, '2026-01-12', 'sent', '{"gift": false}'),
	(2, '2026-02-03', 'paid', '{"gift": true, "card": "Well done"}'),
	(1, '2026-02-20', 'new', NULL);

INSERT INTO order_line VALUES
	(1, 1, 1, 2), (1, 2, 3, 60), (2, 1, 4, 1), (2, 2, 5, 3), (3, 1, 6, 100), (3, 2, 2, 1);
