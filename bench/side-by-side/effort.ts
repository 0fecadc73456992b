/** How much is measured. In: a word. Out: rounds, seconds, sizes. No effects. */

export interface Effort {
  readonly rounds: number;
  /** Of load before anything counts: compilers learn by it. */
  readonly warmSeconds: number;
  /** Of closed load, in one round of one subject. */
  readonly seconds: number;
  /** Of open load. */
  readonly openSeconds: number;
  /** Of grants against a bare Envoy in open load: what is to be told apart is a part of what the rounds differ by. */
  readonly pairRounds: number;
  /** Of open load without a break, so long that grants end and are renewed in it. */
  readonly onEndSeconds: number;
  /** Exchanges under way in closed load. */
  readonly underWay: number;
  readonly connections: number;
  /** "Many tokens". */
  readonly tokens: number;
  /** Tokens never seen before, in one round of one subject. */
  readonly cold: number;
  readonly manyPolicies: boolean;
  /** Of load while memory is watched; 0 = not. */
  readonly soakSeconds: number;
}

const shape = { underWay: 32, connections: 4 };

export const efforts = {
  /** The figures in docs/performance.md: about eighteen minutes on two cores. */
  full: {
    ...shape,
    rounds: 9,
    warmSeconds: 3,
    seconds: 0.5,
    openSeconds: 1,
    pairRounds: 41,
    onEndSeconds: 12,
    tokens: 10_000,
    cold: 1200,
    manyPolicies: true,
    soakSeconds: 120,
  },
  /** Whether all of it works, and about how fast: under ninety seconds. */
  quick: {
    ...shape,
    rounds: 2,
    warmSeconds: 0.4,
    seconds: 0.2,
    openSeconds: 0.3,
    pairRounds: 3,
    onEndSeconds: 1,
    tokens: 1000,
    cold: 300,
    manyPolicies: false,
    soakSeconds: 0,
  },
  /** For the test of the bench itself. */
  least: {
    ...shape,
    rounds: 1,
    warmSeconds: 0.05,
    seconds: 0.05,
    openSeconds: 0.1,
    pairRounds: 1,
    onEndSeconds: 0.1,
    tokens: 60,
    cold: 20,
    manyPolicies: false,
    soakSeconds: 0,
  },
} as const satisfies Record<string, Effort>;
