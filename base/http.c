/* SPDX-License-Identifier: Apache-2.0 */
#include "base/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "base/clock.h"

static void curl_cleanupp(CURL **c)
{
	curl_easy_cleanup(*c);
}

static size_t body_write(char *data, size_t size, size_t n, void *userdata)
{
	return buf_add(userdata, data, size * n) < 0 ? 0 : size * n;
}

/* Options can fail only for want of memory: the two copied strings. */
static int http_prepare(CURL *c, const char *socket_path, const char *path, uint64_t timeout_usec,
			struct buf *body)
{
	_cleanup_free_ char *url = NULL;

	if (asprintf(&url, "http://localhost%s", path) < 0) {
		url = NULL; /* undefined after a failure */
		return -ENOMEM;
	}
	if (curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, socket_path) ||
	    curl_easy_setopt(c, CURLOPT_URL, url))
		return -ENOMEM;
	curl_easy_setopt(c, CURLOPT_PROXY, ""); /* http_proxy is not meant for our socket */
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)(timeout_usec / USEC_PER_MSEC) + 1);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, body_write);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, body);
	return 0;
}

static int http_connect_error(int os_errno, const char *socket_path, struct err *e)
{
	switch (os_errno) {
	case ENOENT:
		return err_set(e, -ENOENT,
			       "no socket at %s: evictd does not run here (systemctl start evictd)",
			       socket_path);
	case EACCES:
	case EPERM:
		return err_set(e, -EACCES,
			       "no permission for %s: use sudo, or join its group"
			       " (usermod -aG evictd USER, then log in again)",
			       socket_path);
	case ECONNREFUSED:
		return err_set(e, -ECONNREFUSED,
			       "nobody answers at %s: evictd has stopped (systemctl status evictd)",
			       socket_path);
	default:
		return err_set(e, os_errno ? -os_errno : -ECONNREFUSED, "cannot connect to %s: %s",
			       socket_path, strerror(os_errno ? os_errno : ECONNREFUSED));
	}
}

static int http_error(CURL *c, CURLcode code, const char *socket_path, const struct buf *body,
		      struct err *e)
{
	long os_errno = 0;

	switch (code) {
	case CURLE_COULDNT_CONNECT:
		curl_easy_getinfo(c, CURLINFO_OS_ERRNO, &os_errno);
		return http_connect_error((int)os_errno, socket_path, e);
	case CURLE_OPERATION_TIMEDOUT:
		return err_set(e, -ETIMEDOUT,
			       "no answer from %s in time: evictd hangs or the machine is"
			       " overloaded (systemctl status evictd)",
			       socket_path);
	case CURLE_WRITE_ERROR:
		if (body->error == -E2BIG)
			return err_set(e, -E2BIG, "the answer from %s is larger than %zu bytes",
				       socket_path, body->max);
		return err_set(e, -ENOMEM, "out of memory");
	case CURLE_OUT_OF_MEMORY:
		return err_set(e, -ENOMEM, "out of memory");
	default:
		return err_set(e, -EIO, "no valid answer from %s: %s", socket_path,
			       curl_easy_strerror(code));
	}
}

int http_get_unix(const char *socket_path, const char *path, uint64_t timeout_usec,
		  struct buf *body, int *ret_status, struct err *e)
{
	_cleanup_(curl_cleanupp) CURL *c = NULL;
	CURLcode code;
	long status = 0;
	int r;

	buf_clear(body);
	if (strlen(socket_path) >= sizeof(((struct sockaddr_un *)NULL)->sun_path))
		return err_set(e, -ENAMETOOLONG, "the socket's path is too long: %s", socket_path);
	c = curl_easy_init();
	if (!c)
		return err_set(e, -ENOMEM, "out of memory");
	r = http_prepare(c, socket_path, path, timeout_usec, body);
	if (r < 0)
		return err_set(e, r, "out of memory");
	code = curl_easy_perform(c);
	if (code != CURLE_OK) {
		r = http_error(c, code, socket_path, body, e);
		buf_clear(body);
		return r;
	}
	curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
	*ret_status = (int)status;
	return 0;
}
