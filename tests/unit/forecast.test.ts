import { continued, forecast, smooth, spread } from "#lib/dashboard/forecast.js";
import { describe, expect, it } from "vitest";

/**
 * International visitor nights in Australia in millions, per quarter from 1999 to 2015: `austourists` of the R package fpp2
 * (Hyndman and Athanasopoulos, "Forecasting: Principles and Practice"; Tourism Research Australia).
 */
const austourists = [
  30.05251, 19.1485, 25.31769, 27.59144, 32.07646, 23.48796, 28.47594, 35.12375, 36.83848, 25.00702, 30.72223,
  28.69376, 36.64099, 23.82461, 29.31168, 31.77031, 35.17788, 19.77524, 29.60175, 34.53884, 41.2736, 26.65586,
  28.27986, 35.19115, 42.20566, 24.64917, 32.66734, 37.25735, 45.24246, 29.35048, 36.34421, 41.78208, 49.2766,
  31.2754, 37.85063, 38.83704, 51.2369, 31.83855, 41.32342, 42.799, 55.70836, 33.40714, 42.31664, 45.15712,
  59.57608, 34.83733, 44.84168, 46.97125, 60.01903, 38.37118, 46.97586, 50.7338, 61.64687, 39.29957, 52.67121,
  54.33232, 66.83436, 40.87119, 51.82854, 57.49191, 65.25147, 43.06121, 54.76076, 59.83447, 73.25703,
  47.69662, 61.09777, 66.05576,
];

/**
 * What R's `forecast::ets` makes of this series, as statsmodels keeps it for its own tests
 * (statsmodels/tsa/tests/results/fit_ets_results_seasonal.json, models AAA, with and without damping, and ANA).
 */
const published = [
  {
    model: "with a trend that calms down, ETS(A,Ad,A)",
    weights: { alpha: 0.35445427, beta: 0.03200749, gamma: 0.39993387, phi: 0.97999997 },
    start: {
      level: 24.01278357,
      trend: 0.97770147,
      seasons: [5.34956637, -6.61171798, -0.50735902, 1.76951063],
    },
    end: { level: 62.00340579, trend: 0.70652496 },
    forecast: [76.07768073, 51.61741109, 63.96457729, 68.27886241],
    variance: 6.0830734,
    fitted: 9,
  },
  {
    model: "with a trend, ETS(A,A,A)",
    weights: { alpha: 0.20281952, beta: 0.00016979, gamma: 0.4645238, phi: 1 },
    start: {
      level: 23.06996036,
      trend: 0.57786622,
      seasons: [8.50287244, -8.97988612, -1.17750326, 1.65451693],
    },
    end: { level: 62.55981214, trend: 0.57809173 },
    forecast: [75.34454396, 50.75845291, 63.05022495, 67.48394643],
    // The variance of the errors over 68 values less 8 that were fitted.
    variance: 6.20560506,
    fitted: 8,
  },
  {
    model: "without a trend, ETS(A,N,A)",
    weights: { alpha: 0.54216695, beta: 0, gamma: 0.39203017, phi: 1 },
    start: { level: 25.54638913, trend: 0, seasons: [4.84845926, -6.46658738, -0.53099835, 2.14912647] },
    end: { level: 57.60683119, trend: 0 },
    forecast: [75.32914757, 50.16726775, 62.21021038, 65.90296904],
    variance: 6.56104274,
    fitted: 6,
  },
];

describe("the Holt-Winters method gives what R gives for a published series", () => {
  it.for(published)("$model", ({ weights, start, end, forecast: known, variance, fitted }) => {
    const found = smooth(austourists, weights, start);
    expect(found.end.level).toBeCloseTo(end.level, 4);
    expect(found.end.trend).toBeCloseTo(end.trend, 4);
    continued(found.end, 4, weights.phi).forEach((value, index) =>
      expect(value).toBeCloseTo(known[index]!, 4),
    );
    const squares = found.errors.reduce((sum, error) => sum + error * error, 0);
    expect(squares / (austourists.length - fitted)).toBeCloseTo(variance, 3);
  });

  it("its band widens as the closed formula of the same model says", () => {
    // Hyndman et al. 2008, table 6.1, for ETS(A,A,A).
    const [a, b, g, m] = [0.3, 0.02, 0.15, 7] as const;
    const closed = (h: number) => {
      const k = Math.floor((h - 1) / m);
      return (
        1 +
        (h - 1) * (a * a + a * b * h + (b * b * h * (2 * h - 1)) / 6) +
        g * k * (2 * a + g + b * m * (k + 1))
      );
    };
    const found = spread({ alpha: a, beta: b, gamma: g, phi: 1 }, m, 28);
    found.forEach((deviation, index) => expect(deviation ** 2).toBeCloseTo(closed(index + 1), 10));
  });
});

describe("a forecast", () => {
  it("of the published series, made of all but its last year, is near what came, and says how near the earlier ones were", () => {
    const made = forecast(austourists.slice(0, -4), 4, 4)!;
    const came = austourists.slice(-4);
    made.values.forEach(({ mean }, index) => expect(Math.abs(mean / came[index]! - 1)).toBeLessThan(0.12));
    expect(made.tried!.times).toBe(12);
    expect(made.tried!.error).toBeGreaterThan(0.02);
    expect(made.tried!.error).toBeLessThan(0.08);
    expect(made.tried!.within).toBeGreaterThan(0.6);
  });

  const weekly = (days: number) => Array.from({ length: days }, (_, day) => 100 + (day % 7) * 10);

  it("is not made of less than two whole seasons", () => {
    expect(forecast([], 7, 28)).toBeUndefined();
    expect(forecast(weekly(13), 7, 28)).toBeUndefined();
    expect(forecast(weekly(14), 7, 28)).toMatchObject({ values: { length: 28 } });
  });

  it("says nothing of earlier ones where none could be made", () => {
    expect(forecast(weekly(41), 7, 28)!.tried).toBeUndefined();
    expect(forecast(weekly(42), 7, 28)!.tried).toMatchObject({ times: 1, error: 0, within: 1 });
  });

  it("of weeks that are all the same is that week, with no band", () => {
    const [monday, tuesday] = forecast(weekly(70), 7, 28)!.values;
    expect(monday).toEqual({ mean: 100, low: 100, high: 100 });
    expect(tuesday!.mean).toBeCloseTo(110, 9);
  });

  it("is never below 0, also for a shop that sells ever less or nothing at all", () => {
    const falling = Array.from({ length: 60 }, (_, day) => Math.max(0, 300 - 6 * day));
    for (const { mean, low, high } of forecast(falling, 7, 28)!.values) {
      expect(Math.min(mean, low, high)).toBeGreaterThanOrEqual(0);
    }
    const nothing = Array.from({ length: 30 }, () => 0);
    for (const value of forecast(nothing, 7, 28)!.values) expect(value).toEqual({ mean: 0, low: 0, high: 0 });
    expect(forecast(nothing, 7, 28)!.tried).toBeUndefined();
  });
});
