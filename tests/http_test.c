/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "base/clock.h"
#include "tests/check_main.h"

static char dir[64];
static struct sockaddr_un address = { .sun_family = AF_UNIX };

static void setup(void)
{
	snprintf(dir, sizeof(dir), "/tmp/evictd-http-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	chmod(dir, 0755);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/sock", dir);
}

static void teardown(void)
{
	unlink(address.sun_path);
	rmdir(dir);
}

static int listen_here(void)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	return fd;
}

/* Answers one request with `reply` (NULL: never), and checks how it was asked. */
static pid_t serve(int fd, const char *reply)
{
	char request[4096] = "";
	pid_t pid = fork();
	int client;

	if (pid)
		return pid;
	client = accept(fd, NULL, NULL);
	if (read(client, request, sizeof(request) - 1) < 0 ||
	    strncmp(request, "GET /v1/containers?all=1 HTTP/1.1\r\n", 35) != 0)
		_exit(1);
	if (!reply)
		pause();
	if (write(client, reply, strlen(reply)) < 0)
		_exit(2);
	_exit(0);
}

#define LONG_BODY "0123456789abcdef"

static const struct {
	const char *reply;
	int ret, status;
	const char *body;
	const char *words; /* in the message */
} reply_cases[] = {
	{ "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 0, 200, "{}", "" },
	{ "HTTP/1.1 200 OK\r\n\r\n" LONG_BODY, 0, 200, LONG_BODY, "" },
	{ "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone", 0, 404, "none", "" },
	{ "HTTP/1.1 302 Found\r\nLocation: http://example.com/\r\nContent-Length: 0\r\n\r\n", 0,
	  302, "", "" },
	{ "HTTP/1.1 200 OK\r\n\r\n" LONG_BODY "x", -E2BIG, -1, "", "larger than 16 bytes" },
	{ "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut", -EIO, -1, "", "no valid answer" },
	{ "SSH-2.0-OpenSSH\r\n", -EIO, -1, "", "no valid answer" },
	{ "", -EIO, -1, "", "no valid answer" },
	{ NULL, -ETIMEDOUT, -1, "", "in time" },
};

START_TEST(replies)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT(strlen(LONG_BODY));
	struct err e = { "" };
	int status = -1, r, wait_status;
	int fd = listen_here();
	pid_t pid = serve(fd, reply_cases[_i].reply);

	buf_add_str(&body, "old");
	r = http_get_unix(address.sun_path, "/v1/containers?all=1", USEC_PER_SEC / 5, &body,
			  &status, &e);
	if (!reply_cases[_i].reply)
		kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &wait_status, 0), pid);
	close(fd);
	ck_assert_msg(r == reply_cases[_i].ret, "%d: %s", r, e.msg);
	ck_assert_int_eq(status, reply_cases[_i].status);
	ck_assert_str_eq(buf_str(&body), reply_cases[_i].body);
	ck_assert_msg(strstr(e.msg, reply_cases[_i].words) != NULL, "%s", e.msg);
	ck_assert_int_eq(e.msg[0] != '\0', r < 0);
	if (reply_cases[_i].reply)
		ck_assert_int_eq(WEXITSTATUS(wait_status), 0);
}
END_TEST

static void check_failure(const char *path, int ret, const char *words)
{
	_cleanup_(buf_release) struct buf body = BUF_INIT(100);
	struct err e = { "" };
	int status = -1;
	int r = http_get_unix(path, "/", USEC_PER_SEC, &body, &status, &e);

	ck_assert_msg(r == ret, "%d: %s", r, e.msg);
	ck_assert_int_eq(status, -1);
	ck_assert_msg(strstr(e.msg, path) != NULL, "%s", e.msg);
	ck_assert_msg(strstr(e.msg, words) != NULL, "%s", e.msg);
}

START_TEST(no_socket)
{
	check_failure(address.sun_path, -ENOENT, "systemctl start evictd");
}
END_TEST

START_TEST(nobody_behind_it)
{
	close(listen_here());
	check_failure(address.sun_path, -ECONNREFUSED, "systemctl status evictd");
}
END_TEST

START_TEST(no_permission)
{
	int fd = listen_here();

	chmod(address.sun_path, 0600);
	if (geteuid() == 0) /* root may do everything; the test runs in a process of its own */
		ck_assert_int_eq(seteuid(65534), 0);
	else
		chmod(address.sun_path, 0);
	check_failure(address.sun_path, -EACCES, "usermod -aG evictd");
	ck_assert_int_eq(seteuid(getuid()), 0);
	close(fd);
}
END_TEST

START_TEST(path_too_long)
{
	char path[200] = "";

	memset(path, 'x', sizeof(path) - 1);
	check_failure(path, -ENAMETOOLONG, "too long");
}
END_TEST

/* The fixture is why this suite can't use TEST_TABLE. */
static void add_case(Suite *s, const char *name, const TTest *test, int rows)
{
	TCase *t = tcase_create(name);

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, test, 0, rows);
	suite_add_tcase(s, t);
}

TEST_MAIN("http", {
	add_case(_suite, "reply", replies, ARRAY_LEN(reply_cases));
	add_case(_suite, "failure", no_socket, 1);
	add_case(_suite, "failure", nobody_behind_it, 1);
	add_case(_suite, "failure", no_permission, 1);
	add_case(_suite, "failure", path_too_long, 1);
})
