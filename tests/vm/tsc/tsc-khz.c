// SPDX-License-Identifier: GPL-2.0
/*
 * Prints the frequency of this machine's time stamp counter, in kHz.
 *
 * A guest under TCG sees the host's TSC. On a busy host it mis-calibrates it
 * (215 MHz for 2596 was seen, and its clocks ran 12 times too fast), so boot
 * tells it the frequency. A sample counts only when the clock was read around
 * it without interruption: of many tries the tightest is taken.
 */
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

struct sample {
	double ns;
	double tsc;
};

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static struct sample sample(void)
{
	struct sample best = { 0, 0 };
	double width = 1e18;

	for (int i = 0; i < 1000; i++) {
		double before = now_ns();
		double tsc = __rdtsc();
		double after = now_ns();

		if (after - before < width) {
			width = after - before;
			best = (struct sample){ (before + after) / 2, tsc };
		}
	}
	return best;
}

int main(void)
{
	const struct timespec pause = { .tv_nsec = 200000000 };
	struct sample first = sample(), second;

	nanosleep(&pause, NULL);
	second = sample();
	printf("%.0f\n", (second.tsc - first.tsc) / (second.ns - first.ns) * 1e6);
	return 0;
}
