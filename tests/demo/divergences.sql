-- Planted in one of the two databases: each is a real way in which two databases come apart.

-- A row that did not make it across.
DELETE FROM order_line WHERE orders = 3 AND line = 2;

-- A function whose body was ported with another limit: `>` in place of `>=`.
CREATE OR REPLACE FUNCTION line_total(price numeric, quantity integer) RETURNS numeric
LANGUAGE sql IMMUTABLE AS $$
	SELECT round(price * quantity * CASE WHEN quantity > 60 THEN 0.9 ELSE 1 END, 2)
$$;

-- A constraint that was forgotten.
ALTER TABLE item DROP CONSTRAINT item_in_stock;

-- Floating-point values shown with fewer digits: a database-wide setting.
DO $$ BEGIN
	EXECUTE format('ALTER DATABASE %I SET extra_float_digits = 0', current_database());
END $$;
