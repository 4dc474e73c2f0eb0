#include "store_help.h"

#include <math.h>

#include "base/oid.h"
#include "store/keys.h"

static int
compare(const struct pack *a, const struct pack *b)
{
	size_t len = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->bytes, b->bytes, len);

	if (order != 0)
		return order < 0 ? -1 : 1;
	return a->len < b->len ? -1 : a->len > b->len;
}

/* All pairs of tuples of awkward numbers sort as the tuples do. */
static void
test_keys_sort_as_tuples(void **state)
{
	static const uint64_t numbers[] = {
		0,         1,     127,      128, 255,        256,
		65535,     65536, 1u << 31, ~0u, 1ull << 32, UINT64_MAX - 1,
		UINT64_MAX
	};
	enum { COUNT = sizeof(numbers) / sizeof(numbers[0]) };

	(void)state;
	for (int i = 0; i < COUNT * COUNT; i++)
		for (int k = 0; k < COUNT * COUNT; k++) {
			uint32_t a1 = (uint32_t)numbers[i / COUNT];
			uint32_t b1 = (uint32_t)numbers[k / COUNT];
			uint64_t a2 = numbers[i % COUNT];
			uint64_t b2 = numbers[k % COUNT];
			int expected = a1 != b1 ? (a1 < b1 ? -1 : 1)
						: (a2 > b2) - (a2 < b2);
			struct pack a, b;

			pack_start(&a);
			pack_u32(&a, a1);
			pack_u64(&a, a2);
			pack_start(&b);
			pack_u32(&b, b1);
			pack_u64(&b, b2);
			assert_int_equal(compare(&a, &b), expected);
		}
}

static void
test_round_trip(void **state)
{
	const struct oid commit = commit_of(77);
	struct fields fields;
	struct pack pack;
	char text[8], tail[8];
	struct oid back;

	(void)state;
	pack_start(&pack);
	pack_u8(&pack, 200);
	pack_u32(&pack, 0xfedcba98);
	pack_u64(&pack, UINT64_MAX);
	pack_s64(&pack, INT64_MIN);
	pack_double(&pack, -0.1);
	pack_double(&pack, NAN);
	pack_oid(&pack, &commit);
	pack_text(&pack, "middle");
	pack_tail(&pack, "end");
	assert_false(pack.bad);
	fields_start(&fields, pack.bytes, pack.len);
	assert_int_equal(fields_u8(&fields), 200);
	assert_true(fields_u32(&fields) == 0xfedcba98);
	assert_true(fields_u64(&fields) == UINT64_MAX);
	assert_true(fields_s64(&fields) == INT64_MIN);
	assert_true(fields_double(&fields) == -0.1);
	assert_true(isnan(fields_double(&fields)));
	fields_oid(&fields, &back);
	assert_true(oid_equal(&commit, &back));
	fields_text(&fields, text, sizeof(text));
	assert_string_equal(text, "middle");
	fields_tail(&fields, tail, sizeof(tail));
	assert_string_equal(tail, "end");
	assert_true(fields_are_done(&fields));
}

/* Every proper prefix of a record reads as bad, never beyond its end. */
static void
test_cut_short(void **state)
{
	struct fields fields;
	struct pack pack;
	char text[16];

	(void)state;
	pack_start(&pack);
	pack_u32(&pack, 1);
	pack_u64(&pack, 2);
	pack_text(&pack, "name");
	for (size_t len = 0; len <= pack.len; len++) {
		char *exact = mem_copy_bytes(pack.bytes, len);

		fields_start(&fields, exact, len);
		fields_u32(&fields);
		fields_u64(&fields);
		fields_text(&fields, text, sizeof(text));
		assert_int_equal(fields_are_done(&fields), len == pack.len);
		free(exact);
	}
}

static void
test_text_is_checked(void **state)
{
	struct fields fields;
	struct pack pack;
	char small[4];

	(void)state;
	pack_start(&pack);
	pack_text(&pack, "four");
	fields_start(&fields, pack.bytes, pack.len);
	fields_text(&fields, small, sizeof(small));
	assert_true(fields.bad);
	assert_string_equal(small, "");
	fields_start(&fields, "a\0b", 3);
	fields_tail(&fields, small, sizeof(small));
	assert_true(fields.bad);
}

static void
test_too_long_is_bad(void **state)
{
	char *text = mem_new(PACK_MAX + 1, 1);
	struct pack pack;

	(void)state;
	memset(text, 'x', PACK_MAX);
	pack_start(&pack);
	pack_tail(&pack, text);
	assert_false(pack.bad);
	pack_u8(&pack, 1);
	assert_true(pack.bad);
	assert_int_equal(pack.len, PACK_MAX);
	free(text);
}

static void
test_after(void **state)
{
	struct pack pack, after;

	(void)state;
	pack_start(&pack);
	assert_false(pack_after(&pack, &after));
	pack_u8(&pack, 0xff);
	pack_u8(&pack, 0xff);
	assert_false(pack_after(&pack, &after));
	pack_start(&pack);
	pack_u8(&pack, 1);
	pack_u8(&pack, 0xff);
	assert_true(pack_after(&pack, &after));
	assert_int_equal(after.len, 1);
	assert_int_equal(after.bytes[0], 2);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_sort_as_tuples),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_text_is_checked),
		cmocka_unit_test(test_too_long_is_bad),
		cmocka_unit_test(test_after),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests_name("store_keys", tests, NULL, NULL);
}
