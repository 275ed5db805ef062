/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of `evictctl top` and its loop; top_draw.c is the screen. */
#include "tools/top_live.h"

#include <curses.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/text.h"
#include "tools/top_draw.h"
#include "tools/top_fetch.h"

#define ESC 27
#define CTRL_U ('U' & 0x1f)

struct top {
	struct top_screen screen;
	struct top_fetch *fetch;
	char *selected_key; /* keeps the selection on its workload when the order changes */
	struct err error;
	unsigned rounds, count; /* count 0: for ever */
	bool quit;
};

/* Keys. Each is one row of the table below; `value` tells rows apart that share a function. */
struct action {
	struct top_key key;
	void (*act)(struct top *t, int value);
	int value;
};

static void act_quit(struct top *t, int value)
{
	(void)value;
	t->quit = true;
}

static void act_sort(struct top *t, int value)
{
	t->screen.view.sort = (enum usage_sort)value;
}

static void act_toggle(struct top *t, int offset)
{
	bool *flag = (bool *)((char *)&t->screen + offset);

	*flag = !*flag;
}

static void act_dead(struct top *t, int value)
{
	(void)value;
	t->screen.view.filter.dead = !t->screen.view.filter.dead;
	top_fetch_set_dead(t->fetch, t->screen.view.filter.dead);
}

static void act_edit(struct top *t, int value)
{
	(void)value;
	t->screen.editing = true;
}

static void select_line(struct top *t, size_t line)
{
	struct top_screen *s = &t->screen;

	if (s->lines.n == 0)
		return;
	s->selected = line < s->lines.n ? line : s->lines.n - 1;
	free(t->selected_key);
	t->selected_key =
		strdup(s->lines.lines[s->selected].key); /* NULL: keeps the place instead */
}

static void act_move(struct top *t, int by)
{
	size_t at = t->screen.selected;

	select_line(t, by < 0 && (size_t)-by > at ? 0 : at + (size_t)by);
}

static void act_page(struct top *t, int direction)
{
	act_move(t, direction * (int)t->screen.page_rows);
}

static void act_end(struct top *t, int value)
{
	select_line(t, value ? SIZE_MAX : 0);
}

/* Esc undoes what hides things: first the pane, then the filter. */
static void act_escape(struct top *t, int value)
{
	(void)value;
	if (t->screen.pane)
		t->screen.pane = false;
	else
		t->screen.input[0] = '\0';
}

#define FLAG(field) (int)offsetof(struct top_screen, field)

/* In the order of the last line, which shows as many as fit. */
static const struct action actions[] = {
	{ { 'q', "q", "quit", "quit" }, act_quit, 0 },
	{ { '?', "?", "help", "this help" }, act_toggle, FLAG(help) },
	{ { '\n', "Enter", "detail", "the selected workload: whole minute, waits by cause, kills" },
	  act_toggle,
	  FLAG(pane) },
	{ { '/', "/", "filter", "part of a name, or a pattern with * and ?" }, act_edit, 0 },
	{ { 'T', "T", "tree", "containers below their pods, units below their slices" },
	  act_toggle,
	  FLAG(view.tree) },
	{ { 'c', "c", "cpu", "sort by CPU" }, act_sort, USAGE_SORT_CPU },
	{ { 'm', "m", "mem", "sort by memory" }, act_sort, USAGE_SORT_MEMORY },
	{ { 'w', "w", "wait", "sort by waiting for a CPU" }, act_sort, USAGE_SORT_WAIT },
	{ { 't', "t", "throttle", "sort by throttling" }, act_sort, USAGE_SORT_THROTTLED },
	{ { 'n', "n", "name", "sort by name" }, act_sort, USAGE_SORT_NAME },
	{ { 'r', "r", "reverse", "reverse the order" }, act_toggle, FLAG(view.reverse) },
	{ { 'd', "d", "dead", "also workloads that ended" }, act_dead, 0 },
	{ { 'a', "a", "all", "also the system's own" }, act_toggle, FLAG(view.filter.system) },
	{ { KEY_UP, "Up/k", NULL, "select; also Down/j, PgUp, PgDn, Home/g, End/G" },
	  act_move,
	  -1 },
	{ { ESC, "Esc", NULL, "close the detail, then clear the filter" }, act_escape, 0 },
};

/* Other names of keys above, and those that the help mentions together with another. */
static const struct action more_actions[] = {
	{ { .key = 'k' }, act_move, -1 },
	{ { .key = 'j' }, act_move, 1 },
	{ { .key = KEY_DOWN }, act_move, 1 },
	{ { .key = KEY_PPAGE }, act_page, -1 },
	{ { .key = KEY_NPAGE }, act_page, 1 },
	{ { .key = KEY_HOME }, act_end, 0 },
	{ { .key = KEY_END }, act_end, 1 },
	{ { .key = 'g' }, act_end, 0 },
	{ { .key = 'G' }, act_end, 1 },
	{ { .key = '\r' }, act_toggle, FLAG(pane) },
	{ { .key = KEY_ENTER }, act_toggle, FLAG(pane) },
	{ { .key = 'h' }, act_toggle, FLAG(help) },
};

static bool act_on(struct top *t, const struct action *table, size_t n, int key)
{
	for (size_t i = 0; i < n; i++) {
		if (table[i].key.key == key) {
			table[i].act(t, table[i].value);
			return true;
		}
	}
	return false;
}

static void edit_erase(char *input)
{
	size_t len = strlen(input);

	while (len > 0 && ((unsigned char)input[len - 1] & 0xc0) == 0x80)
		len--;
	input[len > 0 ? len - 1 : 0] = '\0';
}

/* A key while the filter is typed. Bytes above 0x7f are parts of UTF-8. */
static void edit_key(struct top *t, int key)
{
	struct top_screen *s = &t->screen;
	size_t len = strlen(s->input);

	if (key == '\n' || key == '\r' || key == KEY_ENTER || key == ESC)
		s->editing = false;
	if (key == ESC || key == CTRL_U)
		s->input[0] = '\0';
	else if (key == KEY_BACKSPACE || key == '\b' || key == 0x7f)
		edit_erase(s->input);
	else if (key >= ' ' && key <= 0xff && len + 1 < sizeof(s->input)) {
		s->input[len] = (char)key;
		s->input[len + 1] = '\0';
	}
}

static void rebuild(struct top *t)
{
	struct top_screen *s = &t->screen;

	top_lines_release(&s->lines);
	s->view.filter.pattern = s->input;
	if (s->has_answer && top_lines_init(&s->lines, &s->answer.usage, &s->view) < 0)
		s->error = "out of memory";
	s->selected = top_lines_find(&s->lines, t->selected_key, s->selected);
}

static void handle_key(struct top *t, int key)
{
	if (key == KEY_RESIZE)
		return;
	if (t->screen.help) /* any key goes back */
		t->screen.help = false;
	else if (t->screen.editing)
		edit_key(t, key);
	else if (!act_on(t, actions, ARRAY_LEN(actions), key))
		act_on(t, more_actions, ARRAY_LEN(more_actions), key);
	rebuild(t);
}

/* The newest answer; the last good one stays on screen beside an error. */
static void take_answer(struct top *t)
{
	struct top_screen *s = &t->screen;
	struct top_answer a;

	if (!top_fetch_take(t->fetch, &a))
		return;
	t->rounds++;
	if (a.error != 0) {
		t->error = a.err;
		s->error = err_msg(&t->error);
		top_answer_release(&a);
		return;
	}
	top_lines_release(&s->lines); /* they point into the old answer */
	top_answer_release(&s->answer);
	s->answer = a;
	s->has_answer = true;
	s->error = NULL;
	rebuild(t);
}

static void loop(struct top *t)
{
	struct pollfd fds[] = { { .fd = STDIN_FILENO, .events = POLLIN },
				{ .fd = top_fetch_fd(t->fetch), .events = POLLIN } };

	while (!t->quit) {
		int key;

		top_draw(&t->screen);
		/* A change of the window's size interrupts it, and getch() tells KEY_RESIZE. */
		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return;
		if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL) && !(fds[0].revents & POLLIN))
			return; /* the terminal is gone */
		while ((key = getch()) != ERR)
			handle_key(t, key);
		take_answer(t);
		if (t->count && t->rounds >= t->count)
			return;
	}
}

/* ncurses would draw on any terminal, readable or not. */
static SCREEN *open_screen(struct err *e)
{
	const char *term = getenv("TERM");
	SCREEN *screen = term && *term ? newterm(NULL, stdout, stdin) : NULL;
	const char *move = screen ? tigetstr("cup") : NULL;

	if (move && move != (char *)-1)
		return screen;
	if (screen) {
		endwin();
		delscreen(screen);
	}
	err_set(e, -ENOTTY, "this terminal (TERM=%s) cannot move the cursor: use --batch",
		term && *term ? term : "");
	return NULL;
}

static void fill_keys(struct top_key keys[static ARRAY_LEN(actions) + 1])
{
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		keys[i] = actions[i].key;
	keys[ARRAY_LEN(actions)] = (struct top_key){ 0 };
}

static bool wants_colour(void)
{
	const char *no_color = getenv("NO_COLOR");

	return !no_color || !*no_color;
}

static void top_release(struct top *t)
{
	top_fetch_free(t->fetch);
	top_lines_release(&t->screen.lines);
	top_answer_release(&t->screen.answer);
	free(t->selected_key);
}

static void set_up_terminal(void)
{
	cbreak();
	noecho();
	nonl();
	curs_set(0);
	keypad(stdscr, TRUE);
	nodelay(stdscr, TRUE);
	set_escdelay(25); /* ms; what follows later is no part of a key */
}

enum cli_exit top_live_run(const struct cli *cli, const struct top_view *view, double seconds,
			   unsigned count)
{
	struct top_key keys[ARRAY_LEN(actions) + 1];
	_cleanup_(top_release) struct top t = { .screen = { .view = *view,
							    .keys = keys,
							    .utf8 = text_locale_is_utf8(),
							    .colour = wants_colour() },
						.count = count };
	const char *pattern = view->filter.pattern;
	SCREEN *screen;
	int r;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return cli_fail(cli, err_set(&t.error, -ENOTTY, "not on a terminal: use --batch"),
				&t.error);
	fill_keys(keys);
	snprintf(t.screen.input, sizeof(t.screen.input), "%s", pattern ? pattern : "");
	screen = open_screen(&t.error);
	if (!screen)
		return cli_fail(cli, -ENOTTY, &t.error);
	r = top_fetch_new(cli->socket, seconds, view->filter.dead, &t.fetch, &t.error);
	if (r == 0) {
		set_up_terminal();
		top_draw_init(&t.screen);
		loop(&t);
	}
	endwin();
	delscreen(screen);
	return r < 0 ? cli_fail(cli, r, &t.error) : CLI_OK;
}
