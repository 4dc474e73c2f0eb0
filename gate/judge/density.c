#include "judge/density.h"

static void
running_mean(const double *in, int half, double *out)
{
	double sum = 0, scale = 1.0 / (2 * half + 1);

	for (int i = 0; i < half; i++)
		sum += in[i];
	for (int i = 0; i < DENSITY_BINS; i++) {
		if (i + half < DENSITY_BINS)
			sum += in[i + half];
		if (i > half)
			sum -= in[i - half - 1];
		out[i] = sum > 0 ? sum * scale : 0;
	}
}

void
density_smooth(const struct density *density, int half,
	       double smooth[DENSITY_BINS])
{
	double once[DENSITY_BINS];

	running_mean(density->f, half, smooth);
	running_mean(smooth, half, once);
	running_mean(once, half, smooth);
}
