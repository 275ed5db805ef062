/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/format.h"

#include <math.h>
#include <stdio.h>

#include "base/cleanup.h"

/* A unit is used for values whose rounded text would not reach the next one. */
struct unit {
	double size;
	const char *suffix;
};

static const char *format_unknown(char out[static FORMAT_LEN])
{
	snprintf(out, FORMAT_LEN, "-");
	return out;
}

/* Three significant digits at most: 9.95 and more loses its decimal. */
static const char *format_scaled(double value, const char *suffix, char out[static FORMAT_LEN])
{
	int decimals = fabs(value) < 9.95 && fabs(value - round(value)) >= 0.05 ? 1 : 0;

	if (fabs(value) >= 1e6)
		snprintf(out, FORMAT_LEN, "%.1e%s", value, suffix);
	else
		snprintf(out, FORMAT_LEN, "%.*f%s", decimals, value, suffix);
	return out;
}

/* `last_below`: values that round to this many of a unit take the next unit. */
static const char *format_units(double value, const struct unit *units, size_t n, double last_below,
				char out[static FORMAT_LEN])
{
	size_t i = 0;

	if (!isfinite(value))
		return format_unknown(out);
	while (i + 1 < n && fabs(value) / units[i].size >= last_below - 0.5)
		i++;
	return format_scaled(value / units[i].size, units[i].suffix, out);
}

const char *format_cores(double cores, char out[static FORMAT_LEN])
{
	double size = fabs(cores);

	if (!isfinite(cores))
		return format_unknown(out);
	if (size <= 0.0005)
		snprintf(out, FORMAT_LEN, "0");
	else if (size < 0.9995)
		snprintf(out, FORMAT_LEN, "%.0fm", cores * 1000);
	else if (size < 9.995)
		snprintf(out, FORMAT_LEN, "%.2f", cores);
	else if (size < 99.95)
		snprintf(out, FORMAT_LEN, "%.1f", cores);
	else if (size < 1e6)
		snprintf(out, FORMAT_LEN, "%.0f", cores);
	else
		snprintf(out, FORMAT_LEN, "%.1e", cores);
	return out;
}

const char *format_bytes(double bytes, char out[static FORMAT_LEN])
{
	static const struct unit units[] = {
		{ 1, "" },	  { 0x1p10, "Ki" }, { 0x1p20, "Mi" }, { 0x1p30, "Gi" },
		{ 0x1p40, "Ti" }, { 0x1p50, "Pi" }, { 0x1p60, "Ei" },
	};

	return format_units(bytes, units, ARRAY_LEN(units), 1024, out);
}

const char *format_count(double n, char out[static FORMAT_LEN])
{
	static const struct unit units[] = { { 1, "" }, { 1e3, "k" }, { 1e6, "M" }, { 1e9, "G" } };

	return format_units(n, units, ARRAY_LEN(units), 1000, out);
}

/* "2m05s": two units, the smaller one with two digits. */
static const char *format_two_units(double value, double size, char big, char small,
				    char out[static FORMAT_LEN])
{
	double whole = floor(value / size), rest = value - whole * size;

	if (whole >= 1e6)
		snprintf(out, FORMAT_LEN, "%.1e%c", whole, big);
	else
		snprintf(out, FORMAT_LEN, "%.0f%c%02.0f%c", whole, big, floor(rest), small);
	return out;
}

const char *format_duration(double ns, char out[static FORMAT_LEN])
{
	static const struct unit units[] = {
		{ 1, "ns" }, { 1e3, "us" }, { 1e6, "ms" }, { 1e9, "s" }
	};
	double seconds = ns / 1e9;

	if (!isfinite(ns))
		return format_unknown(out);
	if (ns == 0) {
		snprintf(out, FORMAT_LEN, "0");
		return out;
	}
	if (seconds < 99.5)
		return format_units(ns, units, ARRAY_LEN(units), 1000, out);
	if (seconds < 3600)
		return format_two_units(seconds, 60, 'm', 's', out);
	if (seconds < 86400)
		return format_two_units(seconds / 60, 60, 'h', 'm', out);
	return format_two_units(seconds / 3600, 24, 'd', 'h', out);
}

const char *format_share(double share, char out[static FORMAT_LEN])
{
	double percent = share * 100;

	if (!isfinite(percent))
		return format_unknown(out);
	if (percent == 0)
		snprintf(out, FORMAT_LEN, "0%%");
	else if (fabs(percent) < 0.1)
		snprintf(out, FORMAT_LEN, "<0.1%%");
	else
		format_scaled(percent, "%", out);
	return out;
}
