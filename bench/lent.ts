/** Engines that an operator lends to the bench. */
export interface Lent {
  /** `host:port` of some brokers; the topics that are made there go again. */
  readonly kafka: readonly string[];
  /** Without a database; those that are made there go again. */
  readonly mongodb: string | undefined;
}
