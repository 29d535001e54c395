/*
 * The text dump: golden lines of all samples in the stable form, what the other form adds,
 * how values look, what is hidden, what malformed bytes look like, and a long run of samples
 * mutated at random, in which framer, decoders and dump must agree.
 */
#include "wire/dump.h"

#include <stdlib.h>

#include "tests/unit/wire/samples.h"
#include "tests/unit/wire/walk.h"

static const struct dump_style stable = {.is_stable = true};
static const struct dump_style full = {.is_stable = false};

/* A message of that body; 'whole' plays no part in dumps. */
static struct frame frame_of(unsigned char type, struct bytes body)
{
	return (struct frame){.type = type, .body = body};
}

static void check_frame(enum wire_side from, const struct frame *frame,
	const struct dump_style *style, const char *expected)
{
	struct buf out;

	buf_init(&out, SAMPLE_CEILING);
	assert_true(dump_frame(&out, from, frame, style));
	assert_string_equal(buf_cstr(&out), expected);
	buf_fini(&out);
}

static void check_sample(bool (*build)(struct buf *out), enum wire_side from,
	const struct dump_style *style, const char *expected)
{
	struct buf in, out;

	buf_init(&in, SAMPLE_CEILING);
	buf_init(&out, SAMPLE_CEILING);
	assert_true(build(&in));
	assert_true(dump_stream(&out, from, buf_bytes(&in), style));
	assert_string_equal(buf_cstr(&out), expected);
	buf_fini(&out);
	buf_fini(&in);
}

static void check_value(struct wire_value value, size_t max, const char *expected)
{
	struct buf out;

	buf_init(&out, SAMPLE_CEILING);
	assert_true(dump_value(&out, &value, max));
	assert_string_equal(buf_cstr(&out), expected);
	buf_fini(&out);
}

static void stable_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct buf in = sample_bytes(&samples[i]), expected;
		struct frame frame;
		struct err err;

		buf_init(&expected, SAMPLE_CEILING);
		assert_true(buf_printf(&expected, "%s\n", samples[i].stable));
		assert_int_equal(sample_frame(&samples[i], buf_bytes(&in), &frame, &err), FRAME_OK);
		check_frame(samples[i].from, &frame, &stable, buf_cstr(&expected));
		buf_fini(&expected);
		buf_fini(&in);
	}
}

static void the_full_form_adds_what_is_volatile(void **state)
{
	(void)state;
	check_sample(sample_cancel, WIRE_FRONTEND, &full, "CancelRequest pid=4711 key=(hidden)\n");
	check_sample(
		sample_key_data, WIRE_BACKEND, &full, "BackendKeyData pid=4711 key=(hidden)\n");
	check_sample(sample_notification, WIRE_BACKEND, &full,
		"NotificationResponse pid=4711 \"news\" \"hello\"\n");
	check_sample(sample_row_description, WIRE_BACKEND, &full,
		"RowDescription [id:23:b@16384.1 ?column?:701:t "
		"\"two words\":1043(24):t@16384.3]\n");
	check_sample(sample_error, WIRE_BACKEND, &full,
		"ErrorResponse ERROR 23505 \"duplicate key\" "
		"detail=\"Key (id)=(1) already exists.\" routine=\"_bt_check_unique\"\n");
}

static void error_fields_have_names(void **state)
{
	const struct frame frame = frame_of(
		'E', TEXT_BYTES("SFEHLER\0C42P01\0Mno\0Hh\0P7\0p8\0qq\0Ww\0ss\0tt\0cc\0dd\0nn\0"
				"Ff.c\0L1\0Rr\0Zz\0"
				"\1odd\0\0"));

	(void)state;
	check_frame(WIRE_BACKEND, &frame, &stable,
		"ErrorResponse FEHLER 42P01 \"no\" hint=\"h\" position=\"7\" "
		"internal_position=\"8\" internal_query=\"q\" where=\"w\" schema=\"s\" "
		"table=\"t\" column=\"c\" type=\"d\" constraint=\"n\" Z=\"z\" "
		"\"\\x01\"=\"odd\"\n");
	check_frame(WIRE_BACKEND, &frame, &full,
		"ErrorResponse FEHLER 42P01 \"no\" hint=\"h\" position=\"7\" "
		"internal_position=\"8\" internal_query=\"q\" where=\"w\" schema=\"s\" "
		"table=\"t\" column=\"c\" type=\"d\" constraint=\"n\" file=\"f.c\" line=\"1\" "
		"routine=\"r\" Z=\"z\" \"\\x01\"=\"odd\"\n");
}

static void values_are_text_or_hex(void **state)
{
	(void)state;
	check_value(NULL_VALUE, 0, "NULL");
	check_value(TEXT_VALUE(""), 0, "\"\"");
	check_value(TEXT_VALUE("NULL"), 0, "\"NULL\"");
	check_value(TEXT_VALUE("say \"a\\b\"\r\n\t"), 0, "\"say \\\"a\\\\b\\\"\\r\\n\\t\"");
	check_value(TEXT_VALUE("\0\0\0\x2a"), 0, "hex:0000002a");
	check_value(TEXT_VALUE("\033[31m"), 0, "hex:1b5b33316d");
	check_value(TEXT_VALUE("del\177"), 0, "hex:64656c7f");
}

static void utf8_is_checked(void **state)
{
	(void)state;
	check_value(TEXT_VALUE("\303\244\342\202\254\360\237\230\200"), 0,
		"\"\303\244\342\202\254\360\237\230\200\"");
	check_value(TEXT_VALUE("\302\240"), 0, "\"\302\240\"");
	check_value(TEXT_VALUE("\364\217\277\277"), 0, "\"\364\217\277\277\"");
	check_value(TEXT_VALUE("\302\205"), 0, "hex:c285");             /* C1 control */
	check_value(TEXT_VALUE("\300\257"), 0, "hex:c0af");             /* overlong / */
	check_value(TEXT_VALUE("\340\202\254"), 0, "hex:e082ac");       /* overlong */
	check_value(TEXT_VALUE("\360\202\202\254"), 0, "hex:f08282ac"); /* overlong */
	check_value(TEXT_VALUE("\355\240\200"), 0, "hex:eda080");       /* surrogate */
	check_value(TEXT_VALUE("\364\220\200\200"), 0, "hex:f4908080"); /* above U+10FFFF */
	check_value(TEXT_VALUE("\365\200\200\200"), 0, "hex:f5808080");
	check_value(TEXT_VALUE("\371\200\200\200"), 0, "hex:f9808080"); /* no lead byte */
	check_value(TEXT_VALUE("\303"), 0, "hex:c3");                   /* cut off */
	check_value(TEXT_VALUE("\342\202"), 0, "hex:e282");
	check_value(TEXT_VALUE("\303A"), 0, "hex:c341");
	check_value(TEXT_VALUE("\244"), 0, "hex:a4"); /* a stray byte */
}

static void long_values_are_cut(void **state)
{
	char text[101];

	(void)state;
	memset(text, 'x', sizeof(text));
	check_value(TEXT_VALUE("abcdef"), 6, "\"abcdef\"");
	check_value(TEXT_VALUE("abcdef"), 4, "\"abcd\"...(2 more)");
	check_value(TEXT_VALUE("\1\2\3\4"), 3, "hex:010203...(1 more)");
	/* Never inside a character. */
	check_value(TEXT_VALUE("a\342\202\254b"), 3, "\"a\"...(4 more)");
	check_value(TEXT_VALUE("a\342\202\254b"), 4, "\"a\342\202\254\"...(1 more)");
	check_value(TEXT_VALUE("\342\202\254b"), 1, "\"\"...(4 more)");
	check_value((struct wire_value){.data = bytes_of(text, 64)}, 0,
		"\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"");
	check_value((struct wire_value){.data = bytes_of(text, sizeof(text))}, 0,
		"\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\""
		"...(37 more)");
	const struct dump_style three = {.value_max = 3};

	check_sample(sample_copy_data, WIRE_FRONTEND, &three, "CopyData \"1\\to\"...(3 more)\n");
	/* Statements are shown whole. */
	check_sample(sample_query, WIRE_FRONTEND, &three, "Query \"select 1\"\n");
}

static void names_cannot_break_the_line(void **state)
{
	const struct frame query = frame_of('Q', TEXT_BYTES("a\n\"\\\033\377\302\205\303\244\0"));
	const struct frame row =
		frame_of('T', TEXT_BYTES("\0\2\0\0\0\0\0\0\0\0\0\0\027\0\4\377\377\377\377\0\1"
					 "a]b\n\0\0\0\0\0\0\0\0\0\0\027\0\4\377\377\377\377\0\0"));

	(void)state;
	check_frame(WIRE_FRONTEND, &query, &full,
		"Query \"a\\n\\\"\\\\\\x1b\\xff\\xc2\\x85\303\244\"\n");
	check_frame(WIRE_BACKEND, &row, &full, "RowDescription [\"\":23:b \"a]b\\n\":23:t]\n");
}

static void malformed_bodies_are_hex(void **state)
{
	struct frame frame = frame_of('B', TEXT_BYTES("\0\0\0"));

	(void)state;
	check_frame(WIRE_FRONTEND, &frame, &full, "Bind malformed hex:000000\n");
	frame = frame_of('S', TEXT_BYTES("ab"));
	check_frame(WIRE_FRONTEND, &frame, &full, "Sync malformed hex:6162\n");
	frame = frame_of('z', TEXT_BYTES("ab"));
	check_frame(WIRE_BACKEND, &frame, &full, "hex:7a malformed hex:6162\n");
	frame = frame_of('T', TEXT_BYTES("0123456789"));
	check_frame(WIRE_BACKEND, &frame, &(struct dump_style){.value_max = 4},
		"RowDescription malformed hex:30313233...(6 more)\n");
}

/* Not even in a body that is no message. */
static void secrets_stay_hidden(void **state)
{
	struct frame frame = frame_of(FRONTEND_PASSWORD, TEXT_BYTES("open sesame"));

	(void)state;
	check_frame(WIRE_FRONTEND, &frame, &full, "PasswordMessage (hidden)\n");
	frame = frame_of(BACKEND_AUTHENTICATION, TEXT_BYTES("\0\0\0\5secret"));
	check_frame(WIRE_BACKEND, &frame, &full, "Authentication malformed (hidden)\n");
	frame = frame_of(BACKEND_AUTHENTICATION, TEXT_BYTES("\0\0\0\014v=secret"));
	check_frame(WIRE_BACKEND, &frame, &full, "Authentication SASLFinal (hidden)\n");
	frame = frame_of(BACKEND_AUTHENTICATION, TEXT_BYTES("\0\0\0\077secret"));
	check_frame(WIRE_BACKEND, &frame, &full, "Authentication 63 (hidden)\n");
	frame = frame_of(BACKEND_BACKEND_KEY_DATA, TEXT_BYTES("\0\0\0\1key"));
	check_frame(WIRE_BACKEND, &frame, &full, "BackendKeyData malformed (hidden)\n");
	frame = frame_of(FRONTEND_STARTUP, TEXT_BYTES("\4\322\026\056\0\0\0\1key"));
	check_frame(WIRE_FRONTEND, &frame, &full, "StartupMessage malformed (hidden)\n");
}

static void streams_tell_what_is_left(void **state)
{
	struct buf in, out;

	(void)state;
	buf_init(&in, 1000);
	buf_init(&out, 1000);
	assert_true(sample_ssl(&in));
	assert_true(sample_startup_bare(&in));
	assert_true(sample_query(&in));
	assert_true(buf_append(&in, "S\0\0", 3));
	assert_true(dump_stream(&out, WIRE_FRONTEND, buf_bytes(&in), &full));
	assert_string_equal(buf_cstr(&out), "SSLRequest\nStartupMessage 3.0\nQuery \"select 1\"\n"
					    "(3 bytes incomplete)\n");
	buf_reset(&out);
	assert_true(dump_stream(&out, WIRE_BACKEND, TEXT_BYTES("1\0\0\0\4z123"), &full));
	assert_string_equal(buf_cstr(&out), "ParseComplete\n"
					    "(4 bytes malformed: message type 0x7a is unknown)\n");
	buf_reset(&out);
	assert_true(dump_stream(&out, WIRE_BACKEND, bytes_of(NULL, 0), &full));
	assert_int_equal(buf_len(&out), 0);
	buf_fini(&out);
	buf_fini(&in);
}

/* Whatever the ceiling: a whole line or none. */
static void a_full_buffer_gets_whole_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(samples); i++) {
		struct buf in = sample_bytes(&samples[i]);
		size_t need = strlen(samples[i].stable) + 1;
		struct frame frame;
		struct err err;

		assert_int_equal(sample_frame(&samples[i], buf_bytes(&in), &frame, &err), FRAME_OK);
		for (size_t room = 0; room <= need; room++) {
			struct buf out;

			buf_init(&out, 3 + room);
			assert_true(buf_append_str(&out, "old"));
			assert_int_equal(
				dump_frame(&out, samples[i].from, &frame, &stable), room == need);
			assert_int_equal(buf_len(&out), room == need ? 3 + need : 3);
			buf_fini(&out);
		}
		buf_fini(&in);
	}
}

/* Deterministic: xorshift32. */
static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Overwrites up to four bytes, mostly with values that counts and lengths turn on. */
static void mutate(unsigned char *p, size_t len, uint32_t *seed)
{
	static const unsigned char favourites[] = {0, 1, 2, 0x7f, 0x80, 0xfe, 0xff};

	for (uint32_t n = next_random(seed) % 4 + 1; n > 0; n--) {
		size_t at = next_random(seed) % len;
		uint32_t r = next_random(seed);

		p[at] = r & 1 ? favourites[(r >> 1) % ARRAY_LEN(favourites)]
			      : (unsigned char)(r >> 1);
	}
}

/* One line, printable, which says malformed exactly where the decoder does. */
static void check_agreement(const struct sample *s, const struct frame *frame)
{
	bool is_good = decode_any(s->from, frame->type, frame->body);
	struct buf out;

	buf_init(&out, SAMPLE_CEILING);
	assert_true(dump_frame(&out, s->from, frame, &full));
	const char *line = buf_cstr(&out);

	assert_int_equal(strstr(line, " malformed ") == NULL, is_good);
	assert_ptr_equal(strchr(line, '\n'), line + buf_len(&out) - 1);
	for (; *line != '\n'; line++)
		assert_true((unsigned char)*line >= 0x20 && *line != 0x7f);
	buf_fini(&out);
}

static void random_mutations_are_survived(void **state)
{
	uint32_t seed = 20231123;
	unsigned framed = 0;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		const struct sample *s = &samples[next_random(&seed) % ARRAY_LEN(samples)];
		struct buf whole = sample_bytes(s);
		unsigned char *p = exact_copy(buf_bytes(&whole));
		size_t len = buf_len(&whole);
		struct frame frame;
		struct err err;

		mutate(p, len, &seed);
		/* The framer's verdict on the mutated head; then the body on its own. */
		if (sample_frame(s, bytes_of(p, len), &frame, &err) == FRAME_OK) {
			framed++;
			check_agreement(s, &frame);
		}
		frame = frame_of(s->type, bytes_skip(bytes_of(p, len), s->type ? 5 : 4));
		check_agreement(s, &frame);
		free(p);
		buf_fini(&whole);
	}
	assert_true(framed > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stable_lines),
		cmocka_unit_test(the_full_form_adds_what_is_volatile),
		cmocka_unit_test(error_fields_have_names),
		cmocka_unit_test(values_are_text_or_hex),
		cmocka_unit_test(utf8_is_checked),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(names_cannot_break_the_line),
		cmocka_unit_test(malformed_bodies_are_hex),
		cmocka_unit_test(secrets_stay_hidden),
		cmocka_unit_test(streams_tell_what_is_left),
		cmocka_unit_test(a_full_buffer_gets_whole_lines),
		cmocka_unit_test(random_mutations_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
