/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A roll-out that stops by the errors that the new text answers with. */
#include "roll_out_fixture.h"

#include "responses.h"
#include "samples.h"

static void stop_by_errors(struct watchman *w)
{
	char text[600];

	stand(w, STACK);
	serve(w, 30, "2xx");
	scene_apply(w->s, STACK, NEW_TEXT);
	go_round(w);
	serve(w, 50, "5xx");
	assert_int_equal(state_of(w), DB_ROLL_OUT_STOPPED);
	assert_int_equal(n_new(w), 1);
	assert_true(roll_outs_stopped_problem(w->s->f, text, sizeof(text)));
	assert_non_null(strstr(text, "answers with errors: "));
	assert_non_null(strstr(text, ", 0 of "));
}

static void one_that_answers_with_errors_stops_it(void **state)
{
	stop_by_errors(*state);
}

static void one_whose_own_count_says_so_stops_it_too(void **state)
{
	struct watchman *w = *state;

	w->by_application = true;
	stop_by_errors(w);
}

static void one_that_answers_as_the_others_does_not(void **state)
{
	struct watchman *w = *state;

	stand(w, STACK);
	serve(w, 30, "2xx");
	scene_apply(w->s, STACK, NEW_TEXT);
	go_round(w);
	serve(w, 100, "2xx");
	assert_int_equal(state_of(w), DB_ROLL_OUT_DONE);
}

static void add_responses(struct watchman *w, const char *server, double v)
{
	CLEANUP(free)
	char *labels = xasprintf("code=\"2xx\",host=\"l\",proxy=\"x\",server=\"%s\","
				 "stack=\"shop\",tier=\"front\",unit=\"front.service\"",
				 server);
	const struct db_sample_in in = { "haproxy_server_http_responses_total", labels,
					 DB_COUNTER, w->s->now_ms, v };

	assert_ok(db_samples_add(w->s->db->db, &in, 1, w->s->now_ms, NULL, w->s->e),
		  w->s->e);
}

static void a_server_counts_for_its_host_when_a_port_follows(void **state)
{
	struct watchman *w = *state;
	CLEANUP(response_count_free)
	struct response_count *c = response_count_new("shop", "lb");
	struct responses of_new, of_old;

	scene_apply(w->s, ALONE, TEXT);
	scene_host(w->s, "a", "p", DB_HOST_UP);
	for (int i = 0; i < 5; i++) {
		pass(w, 1);
		add_responses(w, "lb-a-80", i * 5);
		add_responses(w, "lb-a", i * 100);
		add_responses(w, "lb-a980", i * 100);
		response_count_update(c, w->s->db->db, w->s->f, &w->s->f->tiers[0],
				      w->s->f->tiers[0].cat->unit->hash, &of_new,
				      &of_old);
	}
	assert_true(of_new.all > 0 && of_new.all < 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WATCH_TEST(one_that_answers_with_errors_stops_it),
		WATCH_TEST(one_whose_own_count_says_so_stops_it_too),
		WATCH_TEST(one_that_answers_as_the_others_does_not),
		WATCH_TEST(a_server_counts_for_its_host_when_a_port_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
