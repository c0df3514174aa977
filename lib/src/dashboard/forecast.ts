/** How fast a forecast follows what happens: level, trend and seasonal pattern. At phi 1 a trend goes on for ever. */
interface Weights {
  readonly alpha: number;
  readonly beta: number;
  readonly gamma: number;
  readonly phi: number;
}

/** Where a series stands: `seasons` is what each of the next values differs from the level by, the nearest first. */
interface State {
  readonly level: number;
  readonly trend: number;
  readonly seasons: readonly number[];
}

/** One value to come, with the band in which eight of ten are expected. */
export interface Expected {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

export interface Forecast {
  readonly values: readonly Expected[];
  /** What came of earlier forecasts of the same length, each made of the values before it; undefined where there are too few. */
  readonly tried?: {
    readonly times: number;
    /** The sum of all errors, as a share of the sum of the values. */
    readonly error: number;
    /** The share of values that were in their band. */
    readonly within: number;
  };
}

/** Of older values nothing is learnt, and how wide the band is comes from newer ones: a shop that grows errs by more. */
const mostSeasons = 52;
const bandSeasons = 26;
const mostTries = 12;
/** Eight of ten values of a normal distribution are within so many deviations. */
const eightOfTen = 1.2816;

const choices: readonly Weights[] = [0.02, 0.05, 0.1, 0.2, 0.3, 0.5].flatMap((alpha) =>
  [0, 0.01, 0.05].flatMap((share) =>
    [0.02, 0.05, 0.1, 0.2].map((gamma) => ({ alpha, beta: share * alpha, gamma, phi: 0.98 })),
  ),
);

/**
 * Continues a series of amounts with a trend and a season, such as revenue per day with its weekdays, by the additive Holt-Winters
 * method with a trend that calms down. Of a few weights those are taken whose errors, one step ahead, are least in square.
 * Amounts are not below 0.
 *
 * @param values without gaps, the newest last
 * @param season the length of a season: 7 for days
 * @returns undefined under two whole seasons
 */
export function forecast(values: readonly number[], season: number, horizon: number): Forecast | undefined {
  const expected = expect(values, season, horizon);
  if (!expected) return undefined;
  let [times, off, all, within] = [0, 0, 0, 0];
  for (; times < mostTries; times++) {
    const end = values.length - (times + 1) * horizon;
    const tried = expect(values.slice(0, Math.max(0, end)), season, horizon);
    if (!tried) break;
    tried.forEach(({ mean, low, high }, index) => {
      const value = values[end + index]!;
      off += Math.abs(value - mean);
      all += value;
      if (value >= low && value <= high) within++;
    });
  }
  if (times === 0 || all === 0) return { values: expected };
  return { values: expected, tried: { times, error: off / all, within: within / (times * horizon) } };
}

function expect(all: readonly number[], season: number, horizon: number): Expected[] | undefined {
  if (all.length < 2 * season) return undefined;
  const values = all.slice(-mostSeasons * season);
  const [start, rest] = [startOf(values, season), values.slice(season)];
  const fits = choices.map((weights) => {
    const fit = smooth(rest, weights, start);
    return { weights, ...fit, sum: squares(fit.errors) };
  });
  const best = fits.reduce((one, other) => (other.sum < one.sum ? other : one));
  const deviations = spread(best.weights, season, horizon);
  const recent = best.errors.slice(-bandSeasons * season);
  const deviation = Math.sqrt(squares(recent) / recent.length);
  return continued(best.end, horizon, best.weights.phi).map((mean, index) => {
    const half = eightOfTen * deviation * deviations[index]!;
    return { mean: Math.max(0, mean), low: Math.max(0, mean - half), high: Math.max(0, mean + half) };
  });
}

const squares = (errors: readonly number[]) => errors.reduce((sum, error) => sum + error * error, 0);

/** The state after the first season: its mean, the step to the mean of the second, and how its values differ from its mean. */
function startOf(values: readonly number[], season: number): State {
  const mean = (from: number) => values.slice(from, from + season).reduce((a, b) => a + b) / season;
  const level = mean(0);
  const seasons = values.slice(0, season).map((value) => value - level);
  return { level, trend: (mean(season) - level) / season, seasons };
}

/**
 * Follows a series, in the form that corrects itself by the error e of each step: level + φ·trend + αe, φ·trend + βe, season + γe.
 * This is the model ETS(A,Ad,A) of Hyndman, Koehler, Ord and Snyder, "Forecasting with Exponential Smoothing" (2008), table 2.2.
 */
export function smooth(
  values: readonly number[],
  { alpha, beta, gamma, phi }: Weights,
  start: State,
): { end: State; errors: number[] } {
  let { level, trend } = start;
  const seasons = [...start.seasons];
  const length = seasons.length;
  const errors = values.map((value, index) => {
    const season = seasons[index % length]!;
    trend *= phi;
    const error = value - level - trend - season;
    level += trend + alpha * error;
    trend += beta * error;
    seasons[index % length] = season + gamma * error;
    return error;
  });
  const next = values.length % length;
  return { end: { level, trend, seasons: [...seasons.slice(next), ...seasons.slice(0, next)] }, errors };
}

/** The next values of a series that goes on as it is. */
export function continued({ level, trend, seasons }: State, horizon: number, phi: number): number[] {
  return Array.from({ length: horizon }, (_, index) => {
    trend *= phi;
    level += trend;
    return level + seasons[index % seasons.length]!;
  });
}

/**
 * The deviation of a forecast's errors for 1, 2, … steps ahead, where that of one step is 1: the root of 1 + Σ c², where
 * c = α + β(φ + … + φʲ) + γ (in steps of whole seasons) for each step j before the last. The same book, equation 6.1.
 */
export function spread({ alpha, beta, gamma, phi }: Weights, season: number, horizon: number): number[] {
  let [variance, power, powers] = [1, 1, 0];
  return Array.from({ length: horizon }, (_, index) => {
    if (index > 0) {
      power *= phi;
      powers += power;
      variance += (alpha + beta * powers + (index % season === 0 ? gamma : 0)) ** 2;
    }
    return Math.sqrt(variance);
  });
}
