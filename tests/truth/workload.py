"""
The traffic of `make check-truth`: steps of all kinds, made with random values. Each step has
units that prepare it, one that may be changed on its way, and units that end it; and what is
known of the order of its rows.
"""

import wire

SETUP = """
CREATE TABLE emp (id int PRIMARY KEY, name text NOT NULL, dept int, note text,
    pay numeric(10,2), score float8, born date, seen timestamp, tags int[], doc jsonb, raw bytea,
    ok boolean);
INSERT INTO emp SELECT i, 'name' || lpad(i::text, 3, '0'), i % 5,
    CASE i % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'note ' || i END,
    i * 10.5, i / 7.0, date '1970-01-01' + i, timestamp '2001-02-03 04:05:06' + i * interval '1h',
    ARRAY[i, i + 1, i * 7], jsonb_build_object('a', i, 'b', 'x' || i), decode(md5(i::text), 'hex'),
    i % 2 = 0 FROM generate_series(1, 40) i;
CREATE TABLE item (id int PRIMARY KEY, emp int REFERENCES emp, v int NOT NULL, t text);
INSERT INTO item SELECT i, i % 40 + 1, i % 9, 'item ' || i FROM generate_series(1, 60) i;
"""


WRITING = {"insert", "insert_many", "update", "update_returning", "delete", "upsert", "table",
           "commit", "several", "extended_write", "copy_in", "function"}


class Step:
    """`keys`: positions of the columns that ORDER BY names, () where none. `is_free`: rows may
    come in any order. `is_cut`: a LIMIT or a portion, so that what ties with the first or last
    row is open."""

    def __init__(self, unit, before=(), after=(), keys=(), is_free=False, is_cut=False,
                 is_plan=False, copy=None):
        self.unit = wire.query(unit) if isinstance(unit, str) else unit
        self.before = [wire.query(sql) for sql in before]
        self.after = [wire.query(sql) for sql in after]
        self.keys, self.is_free, self.is_cut = keys, is_free, is_cut
        self.is_plan, self.copy = is_plan, copy
        self.name = "?"

    @property
    def is_writing(self):
        """What it does is there when it has ended."""
        return self.name in WRITING


IN_TRANSACTION = {"before": ["BEGIN"], "after": ["ROLLBACK"]}


def extended(sql, values=(), types=(), results=(), most=0, name="", between=b""):
    return (wire.parse(name, sql, types) + wire.bind("", name, values, (), results)
            + wire.describe("P") + between + wire.execute("", most) + wire.sync())


class Workload:
    """step() gives the next one."""

    def __init__(self, chance):
        self.chance = chance
        self.next_id = 1000
        self._makers = [(name[5:], getattr(self, name)) for name in sorted(dir(self))
                        if name.startswith("make_")]
        self._weights = [0.2 if name == "long" else 1 for name, _ in self._makers]

    def step(self):
        name, maker = self.chance.choices(self._makers, self._weights)[0]
        step = maker()
        step.name = name
        return step

    def _id(self):
        self.next_id += 1
        return self.next_id

    def _some(self, least=1, most=35):
        return self.chance.randint(least, most)

    # --- queries ---

    def make_whole(self):
        return Step(f"SELECT * FROM emp WHERE id > {self._some()}", is_free=True)

    def make_types(self):
        return Step(f"SELECT * FROM emp WHERE id = {self._some()}")

    def make_ordered(self):
        return Step(f"SELECT id, name, note, pay FROM emp WHERE id <> {self._some()} ORDER BY id",
                    keys=(0,))

    def make_ordered_down(self):
        return Step("SELECT name, born, seen FROM emp ORDER BY born DESC", keys=(1,))

    def make_ties(self):
        return Step(f"SELECT dept, name FROM emp WHERE id > {self._some()} ORDER BY dept",
                    keys=(0,))

    def make_limit(self):
        return Step(f"SELECT id, name FROM emp ORDER BY id LIMIT {self._some(2, 20)}", keys=(0,),
                    is_cut=True)

    def make_page(self):
        return Step("SELECT id, pay FROM emp ORDER BY pay, id OFFSET 3 "
                    f"FETCH FIRST {self._some(4, 20)} ROWS ONLY", keys=(1, 0), is_cut=True)

    def make_group(self):
        return Step("SELECT dept, count(*), sum(pay), max(note), bool_and(ok) FROM emp "
                    f"WHERE id > {self._some()} GROUP BY dept", is_free=True)

    def make_scalar(self):
        return Step(f"SELECT count(*), sum(v), avg(v), min(t) FROM item WHERE v > {self._some(0, 7)}")

    def make_join(self):
        return Step("SELECT e.name, i.t, i.v FROM emp e JOIN item i ON i.emp = e.id "
                    f"WHERE e.dept = {self._some(0, 4)}", is_free=True)

    def make_window(self):
        return Step("SELECT id, v, row_number() OVER (PARTITION BY v ORDER BY id) FROM item "
                    f"WHERE id <= {self._some(10, 60)} ORDER BY v, id", keys=(1, 0))

    def make_with(self):
        return Step("WITH r AS (SELECT dept, sum(pay) AS s FROM emp GROUP BY dept) "
                    "SELECT * FROM r WHERE s > 10 ORDER BY 1", keys=(0,))

    def make_union(self):
        return Step(f"SELECT id FROM emp WHERE id < {self._some(5, 20)} UNION "
                    "SELECT v FROM item WHERE v > 3", is_free=True)

    def make_show(self):
        return Step("SHOW DateStyle")

    def make_explain(self):
        return Step(f"EXPLAIN SELECT * FROM emp WHERE id > {self._some()}", is_plan=True)

    def make_several(self):
        return Step(f"SELECT id FROM emp WHERE id < {self._some()} ORDER BY id; "
                    f"UPDATE item SET v = v WHERE id < {self._some()}; SELECT 'done', ''")

    def make_empty(self):
        return Step("")

    def make_function(self):
        return Step(wire.message("F", bytes.fromhex("0000057500000001")  # int4abs, OID 1397
                                 + b"\0\0\0\2-" + str(self._some(1, 9)).encode() + b"\0\0"))

    def make_long(self):
        return Step("SELECT i, repeat(md5(i::text), 8) FROM generate_series(1, 40000) i",
                    is_free=True)

    # --- writing ---

    def make_insert(self):
        return Step(f"INSERT INTO item VALUES ({self._id()}, 1, 2, 'new')")

    def make_insert_many(self):
        first = self._id()
        self.next_id += 5
        return Step(f"INSERT INTO item SELECT i, 2, 3, '' FROM generate_series({first}, "
                    f"{first + self._some(1, 5)}) i RETURNING id, t", is_free=True)

    def make_update(self):
        return Step(f"UPDATE item SET v = v + 1 WHERE id < {self._some(2)}")

    def make_update_returning(self):
        return Step(f"UPDATE item SET v = v % 7 WHERE id < {self._some(2)} RETURNING id, v",
                    is_free=True)

    def make_delete(self):
        return Step(f"DELETE FROM item WHERE id > {1000 + self._some(0, 400)}")

    def make_upsert(self):
        return Step(f"INSERT INTO item VALUES ({self._some()}, 1, 5, 'up') "
                    "ON CONFLICT (id) DO UPDATE SET v = excluded.v")

    def make_table(self):
        name = f"t{self._id()}"
        return Step(f"CREATE TABLE {name} (a int)", after=[f"DROP TABLE IF EXISTS {name}"])

    def make_in_transaction(self):
        return Step(f"UPDATE emp SET note = 'changed' WHERE dept = {self._some(0, 4)}",
                    **IN_TRANSACTION)

    def make_read_in_transaction(self):
        return Step("SELECT id, v FROM item ORDER BY id", keys=(0,),
                    before=["BEGIN", "DELETE FROM item WHERE v > 6"], after=["ROLLBACK"])

    def make_begin(self):
        return Step("BEGIN ISOLATION LEVEL REPEATABLE READ", after=["ROLLBACK"])

    def make_commit(self):
        return Step("COMMIT", before=["BEGIN", f"UPDATE item SET t = 't' WHERE id = {self._some()}"])

    def make_savepoint(self):
        return Step("ROLLBACK TO a", before=["BEGIN", "SAVEPOINT a", "DELETE FROM item"],
                    after=["ROLLBACK"])

    # --- errors ---

    def make_wrong(self):
        return Step(self.chance.choice([
            "SELECT 1 / (id - id) FROM emp", "SELECT * FROM nowhere", "SELEC 1",
            "INSERT INTO item VALUES (1, 1, 1, '')", "INSERT INTO item VALUES (-1, 999, 1, '')",
            "SELECT nothing FROM emp", "SELECT 'x'::int", "INSERT INTO item (id) VALUES (-5)"]))

    def make_wrong_in_transaction(self):
        return Step("SELECT 1 / 0", **IN_TRANSACTION)

    # --- cursors, COPY ---

    def make_cursor(self):
        return Step(f"FETCH {self._some(2, 20)} FROM c", after=["ROLLBACK"], keys=(0,), is_cut=True,
                    before=["BEGIN", "DECLARE c CURSOR FOR SELECT id, name FROM emp ORDER BY id"])

    def make_cursor_back(self):
        return Step("FETCH BACKWARD 3 FROM c", after=["ROLLBACK"],
                    before=["BEGIN", "DECLARE c SCROLL CURSOR FOR SELECT id FROM emp ORDER BY id",
                            "MOVE 9 FROM c"])

    def make_copy_out(self):
        return Step("COPY (SELECT id, name, note FROM emp ORDER BY id) TO STDOUT")

    def make_copy_in(self):
        first = self._id()
        self.next_id += 9
        lines = b"".join(f"{first + i}\t1\t2\tcopied\n".encode() for i in range(self._some(1, 9)))
        return Step("COPY item FROM STDIN", copy=lines)

    # --- the extended protocol ---

    def make_extended(self):
        return Step(extended("SELECT id, name, note FROM emp WHERE id < $1 ORDER BY id",
                             [str(self._some(3))], [23]), keys=(0,))

    def make_binary(self):
        return Step(extended("SELECT id, pay, ok, tags, raw, note FROM emp WHERE id > $1",
                             [str(self._some())], [23], [1]), is_free=True)

    def make_portion(self):
        return Step(extended("SELECT id, name FROM emp ORDER BY id", most=self._some(2, 20)),
                    keys=(0,), is_cut=True, **IN_TRANSACTION)

    def make_extended_write(self):
        return Step(extended("UPDATE item SET v = $1 WHERE id < $2", ["3", str(self._some(2))],
                             [23, 23]))

    def make_named(self):
        name = f"p{self._id()}"
        return Step(extended("SELECT count(*), max(t) FROM item WHERE v < $1", ["5"], [23],
                             name=name, between=wire.describe("S", name)),
                    after=[f"DEALLOCATE {name}"])

    def make_batch(self):
        return Step(wire.parse("", "SELECT v FROM item WHERE id = $1", [23])
                    + b"".join(wire.bind("", "", [str(i)]) + wire.execute()
                               for i in range(1, self._some(2, 6))) + wire.sync())

    def make_extended_wrong(self):
        return Step(extended("SELECT 1 / $1::int", ["0"]))
