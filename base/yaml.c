/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A loop over libyaml's events with an explicit stack: one frame per open list or map. Nodes hang
 * in the tree from the moment they exist, so that an error frees everything through the root.
 */
#include "base/yaml.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <yaml.h>

#include "base/utf8.h"

/* Far above what people write, low enough that a hostile file costs milliseconds. */
#define YAML_SIZE_MAX (1 << 20) /* bytes */
#define YAML_DEPTH_MAX 32
#define YAML_NODES_MAX 10000

struct frame {
	struct yaml *node;
	struct yaml **tail; /* where the next child goes */
	char *key;	    /* a map's member whose value is still to come */
};

struct loader {
	yaml_parser_t parser;
	struct yaml *root;
	struct frame stack[YAML_DEPTH_MAX];
	unsigned depth;
	unsigned n_nodes;
	unsigned n_documents;
	struct err *err;
};

static int fail_at(struct loader *l, const yaml_mark_t *at, const char *problem)
{
	return err_set(l->err, -EINVAL, "line %zu, column %zu: %s", at->line + 1, at->column + 1,
		       problem);
}

static int fail_parser(struct loader *l)
{
	const yaml_parser_t *p = &l->parser;

	if (p->error == YAML_MEMORY_ERROR)
		return err_set(l->err, -ENOMEM, "out of memory");
	if (p->error == YAML_READER_ERROR)
		return err_set(l->err, -EINVAL, "byte %zu: %s", p->problem_offset, p->problem);
	return fail_at(l, &p->problem_mark, p->problem);
}

static struct frame *top(struct loader *l)
{
	return l->depth ? &l->stack[l->depth - 1] : NULL;
}

/* Hangs a new node of this kind where the document stands. */
static int add_node(struct loader *l, enum yaml_kind kind, const yaml_event_t *event,
		    struct yaml **ret_node)
{
	struct frame *f = top(l);
	struct yaml *y;

	if (++l->n_nodes > YAML_NODES_MAX)
		return fail_at(l, &event->start_mark, "too many values");
	y = calloc(1, sizeof(*y));
	if (!y)
		return err_set(l->err, -ENOMEM, "out of memory");
	y->kind = kind;
	y->line = (unsigned)event->start_mark.line + 1;
	if (f) {
		y->key = TAKE_PTR(f->key);
		*f->tail = y;
		f->tail = &y->next;
	} else {
		l->root = y;
	}
	*ret_node = y;
	return 0;
}

static bool awaits_key(const struct frame *f)
{
	return f && f->node->kind == YAML_MAP && !f->key;
}

static int open_node(struct loader *l, enum yaml_kind kind, const yaml_event_t *event)
{
	struct yaml *y;
	int r;

	if (awaits_key(top(l)))
		return fail_at(l, &event->start_mark, "a key must be a plain text");
	if (l->depth == YAML_DEPTH_MAX)
		return fail_at(l, &event->start_mark, "nested too deep");
	r = add_node(l, kind, event, &y);
	if (r < 0)
		return r;
	l->stack[l->depth++] = (struct frame){ .node = y, .tail = &y->child };
	return 0;
}

static int add_key(struct loader *l, const yaml_event_t *event)
{
	const char *key = (const char *)event->data.scalar.value;
	struct frame *f = top(l);

	if (yaml_get(f->node, key))
		return err_set(l->err, -EINVAL, "line %zu, column %zu: '%.100s' stands here twice",
			       event->start_mark.line + 1, event->start_mark.column + 1, key);
	f->key = strdup(key);
	return f->key ? 0 : err_set(l->err, -ENOMEM, "out of memory");
}

static bool is_null_word(const char *s)
{
	return !*s || strcmp(s, "~") == 0 || strcmp(s, "null") == 0 || strcmp(s, "Null") == 0 ||
	       strcmp(s, "NULL") == 0;
}

static int add_scalar(struct loader *l, const yaml_event_t *event)
{
	const char *value = (const char *)event->data.scalar.value;
	struct yaml *y;
	int r;

	if (strlen(value) != event->data.scalar.length)
		return fail_at(l, &event->start_mark, "a text may not hold a NUL");
	if (event->data.scalar.tag)
		return fail_at(l, &event->start_mark, "tags are not supported");
	if (awaits_key(top(l)))
		return add_key(l, event);
	r = add_node(l, YAML_SCALAR, event, &y);
	if (r < 0)
		return r;
	/* The analyzer does not know that err_set() returns its negative argument. */
	y->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE; /* NOLINT */
	y->value = strdup(!y->quoted && is_null_word(value) ? "" : value);
	return y->value ? 0 : err_set(l->err, -ENOMEM, "out of memory");
}

static int take_event(struct loader *l, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (++l->n_documents > 1)
			return fail_at(l, &event->start_mark, "a second document");
		return 0;
	case YAML_ALIAS_EVENT:
		return fail_at(l, &event->start_mark, "aliases are not supported");
	case YAML_SCALAR_EVENT:
		return add_scalar(l, event);
	case YAML_SEQUENCE_START_EVENT:
		return open_node(l, YAML_LIST, event);
	case YAML_MAPPING_START_EVENT:
		return open_node(l, YAML_MAP, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		l->depth--;
		return 0;
	default:
		return 0;
	}
}

static int load(struct loader *l)
{
	yaml_event_t event;
	bool end = false;
	int r;

	while (!end) {
		if (!yaml_parser_parse(&l->parser, &event))
			return fail_parser(l);
		end = event.type == YAML_STREAM_END_EVENT;
		r = take_event(l, &event);
		yaml_event_delete(&event);
		if (r < 0)
			return r;
	}
	return 0;
}

/* No document at all, or a null one: an empty map, so that every key gets its default. */
static int root_or_empty_map(struct loader *l)
{
	struct yaml *y = l->root;

	if (!y) {
		y = l->root = calloc(1, sizeof(*y));
		if (!y)
			return err_set(l->err, -ENOMEM, "out of memory");
		y->line = 1;
	} else if (y->kind != YAML_SCALAR || y->quoted || *y->value) {
		return 0;
	}
	free(TAKE_PTR(y->value));
	y->kind = YAML_MAP;
	return 0;
}

int yaml_parse(const char *text, size_t len, struct yaml **ret_root, struct err *e)
{
	struct loader l = { .err = e };
	int r;

	if (len > YAML_SIZE_MAX)
		return err_set(e, -E2BIG, "larger than %d bytes", YAML_SIZE_MAX);
	if (!yaml_parser_initialize(&l.parser))
		return err_set(e, -ENOMEM, "out of memory");
	yaml_parser_set_input_string(&l.parser, (const unsigned char *)text, len);
	r = load(&l);
	if (r == 0)
		r = root_or_empty_map(&l);
	yaml_parser_delete(&l.parser);
	for (unsigned i = 0; i < l.depth; i++)
		free(l.stack[i].key);
	if (r < 0) {
		yaml_free(l.root);
		return r;
	}
	*ret_root = l.root;
	return 0;
}

void yaml_free(struct yaml *y)
{
	while (y) {
		struct yaml *next = y->next;

		yaml_free(y->child); /* at most YAML_DEPTH_MAX deep */
		free(y->key);
		free(y->value);
		free(y);
		y = next;
	}
}

void yaml_freep(struct yaml **y)
{
	yaml_free(*y);
}

const struct yaml *yaml_get(const struct yaml *map, const char *key)
{
	if (!map || map->kind != YAML_MAP)
		return NULL;
	for (const struct yaml *y = map->child; y; y = y->next) {
		if (strcmp(y->key, key) == 0)
			return y;
	}
	return NULL;
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Plain only where no reader could see anything but this text. */
static bool is_plain(const char *s)
{
	size_t len = strlen(s);

	if (is_null_word(s) || s[len - 1] == ':')
		return false;
	if (!is_alnum(*s) && *s != '_' && *s != '/' && !(*s == '-' && is_alnum(s[1])))
		return false;
	for (; *s; s++) {
		if (!is_alnum(*s) && !strchr("_-./:@%+=", *s))
			return false;
	}
	return true;
}

/* What YAML forbids outright, and what it would fold or drop: control characters, line breaks. */
static bool must_escape(uint32_t code)
{
	return code < ' ' || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
	       code == 0xfeff || code == 0xfffe || code == 0xffff;
}

int yaml_add_scalar(struct buf *out, const char *s)
{
	size_t left = strlen(s), n;

	if (is_plain(s))
		return buf_add_str(out, s);
	buf_add_char(out, '"');
	for (; left; s += n, left -= n) {
		uint32_t code = 0;

		n = utf8_decode(s, left, &code);
		if (n == 0) {
			buf_add_str(out, UTF8_REPLACEMENT);
			n = 1;
		} else if (must_escape(code)) {
			buf_printf(out, "\\u%04x", code);
		} else {
			if (code == '"' || code == '\\')
				buf_add_char(out, '\\');
			buf_add(out, s, n);
		}
	}
	return buf_add_char(out, '"');
}
