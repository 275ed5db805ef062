/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/privileges.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void privileges_lookup(const char *user, struct privileges *ret_privileges)
{
	const struct passwd *pw = user[0] && geteuid() == 0 ? getpwnam(user) : NULL;

	*ret_privileges = (struct privileges){ .user = user, .uid = geteuid(), .gid = getegid() };
	if (!pw)
		return;
	ret_privileges->uid = pw->pw_uid;
	ret_privileges->gid = pw->pw_gid;
	ret_privileges->change = true;
}

#ifndef CAP_BPF
#define CAP_BPF 39 /* Linux 5.8 */
#endif

static int become(const struct privileges *p, struct err *e)
{
	/* the capabilities are dropped one by one right after this */
	prctl(PR_SET_KEEPCAPS, p->keep_bpf, 0, 0, 0);
	if (initgroups(p->user, p->gid) < 0 || setresgid(p->gid, p->gid, p->gid) < 0 ||
	    setresuid(p->uid, p->uid, p->uid) < 0)
		return err_set(e, -errno, "cannot become user '%s': %s", p->user, strerror(errno));
	return 0;
}

/* The bounding set can only shrink while CAP_SETPCAP is there; without it this is a no-op. */
static void drop_bounding_set(void)
{
	for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
		prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
}

int privileges_drop(const struct privileges *p, struct err *e)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct caps[_LINUX_CAPABILITY_U32S_3] = { 0 };
	int ret;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_set(e, -errno, "cannot set no_new_privs: %s", strerror(errno));
	drop_bounding_set();
	ret = p->change ? become(p, e) : 0;
	if (ret < 0)
		return ret;
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (p->keep_bpf) {
		caps[CAP_TO_INDEX(CAP_BPF)].effective = CAP_TO_MASK(CAP_BPF);
		caps[CAP_TO_INDEX(CAP_BPF)].permitted = CAP_TO_MASK(CAP_BPF);
	}
	if (syscall(SYS_capset, &header, caps) < 0)
		return err_set(e, -errno, "cannot drop capabilities: %s", strerror(errno));
	return 0;
}
