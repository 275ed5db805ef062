/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/top_fetch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "tools/local.h"

#define TIMEOUT_USEC (3 * USEC_PER_SEC) /* also how long `q` may wait for a hanging agent */

struct top_fetch {
	const char *socket_path;
	double seconds;
	int fd;
	pthread_t thread;
	pthread_mutex_t lock; /* of everything below */
	pthread_cond_t wake;
	struct top_answer answer;
	bool has_answer;
	bool stop, again, dead, bins;
};

void top_answer_release(struct top_answer *a)
{
	json_free(a->status);
	usage_release(&a->usage);
	*a = (struct top_answer){ 0 };
}

static int get_usage(struct top_answer *a, const char *socket_path, bool bins, bool dead)
{
	struct json *reply;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/v1/usage?bins=%d&dead=%d", bins, dead);
	r = local_get(socket_path, path, "Usage", TIMEOUT_USEC, &reply, &a->err);
	if (r < 0)
		return r;
	r = usage_init(&a->usage, reply);
	return r < 0 ? err_set(&a->err, r, "out of memory") : 0;
}

void top_answer_get(struct top_answer *a, const char *socket_path, bool bins, bool dead)
{
	*a = (struct top_answer){ 0 };
	a->error =
		local_get(socket_path, "/v1/status", "Status", TIMEOUT_USEC, &a->status, &a->err);
	if (a->error == 0)
		a->error = get_usage(a, socket_path, bins, dead);
}

/* Hands an answer over; one that nobody took is dropped. */
static void publish(struct top_fetch *f, struct top_answer *a)
{
	uint64_t one = 1;

	if (f->has_answer)
		top_answer_release(&f->answer);
	f->bins = a->error != 0 ? f->bins : a->usage.n <= TOP_BINS_MAX_WORKLOADS;
	f->answer = *a;
	f->has_answer = true;
	/* Cannot fail: the counter is far from its maximum, and the fd is ours. */
	if (write(f->fd, &one, sizeof(one)) < 0)
		f->stop = true;
}

static void wait_for_next(struct top_fetch *f, const struct timespec *started)
{
	struct timespec until = *started;
	double whole = (double)(long)f->seconds;

	until.tv_sec += (time_t)whole;
	until.tv_nsec += (long)((f->seconds - whole) * 1e9);
	if (until.tv_nsec >= (long)NSEC_PER_SEC) {
		until.tv_nsec -= (long)NSEC_PER_SEC;
		until.tv_sec++;
	}
	while (!f->stop && !f->again &&
	       pthread_cond_timedwait(&f->wake, &f->lock, &until) != ETIMEDOUT)
		;
	f->again = false;
}

static void *fetch_main(void *arg)
{
	struct top_fetch *f = arg;

	pthread_mutex_lock(&f->lock);
	while (!f->stop) {
		bool bins = f->bins, dead = f->dead;
		struct timespec started;
		struct top_answer a;

		clock_gettime(CLOCK_MONOTONIC, &started);
		pthread_mutex_unlock(&f->lock);
		top_answer_get(&a, f->socket_path, bins, dead);
		pthread_mutex_lock(&f->lock);
		publish(f, &a);
		wait_for_next(f, &started);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

/* Signals (the window's size among them) are the main thread's. */
static int start_thread(struct top_fetch *f)
{
	pthread_condattr_t attr;
	sigset_t all, old;
	int r;

	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->wake, &attr);
	pthread_condattr_destroy(&attr);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&f->thread, NULL, fetch_main, f);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return -r;
}

int top_fetch_new(const char *socket_path, double seconds, bool dead, struct top_fetch **ret_fetch,
		  struct err *e)
{
	struct top_fetch *f = calloc(1, sizeof(*f));
	int r;

	if (!f)
		return err_set(e, -ENOMEM, "out of memory");
	f->socket_path = socket_path;
	f->seconds = seconds;
	f->bins = true;
	f->dead = dead;
	f->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = f->fd < 0 ? -errno : start_thread(f);
	if (r < 0) {
		if (f->fd >= 0)
			close(f->fd);
		free(f);
		return err_set(e, r, "cannot start a thread: %s", strerror(-r));
	}
	*ret_fetch = f;
	return 0;
}

void top_fetch_free(struct top_fetch *f)
{
	if (!f)
		return;
	pthread_mutex_lock(&f->lock);
	f->stop = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	pthread_cond_destroy(&f->wake);
	pthread_mutex_destroy(&f->lock);
	top_answer_release(&f->answer);
	close(f->fd);
	free(f);
}

void top_fetch_freep(struct top_fetch **f)
{
	top_fetch_free(*f);
}

int top_fetch_fd(const struct top_fetch *f)
{
	return f->fd;
}

bool top_fetch_take(struct top_fetch *f, struct top_answer *ret_answer)
{
	uint64_t count;
	bool has;

	if (read(f->fd, &count, sizeof(count)) < 0)
		return false;
	pthread_mutex_lock(&f->lock);
	has = f->has_answer;
	if (has) {
		*ret_answer = f->answer;
		f->answer = (struct top_answer){ 0 };
		f->has_answer = false;
	}
	pthread_mutex_unlock(&f->lock);
	return has;
}

void top_fetch_set_dead(struct top_fetch *f, bool dead)
{
	pthread_mutex_lock(&f->lock);
	f->dead = dead;
	f->again = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
}
