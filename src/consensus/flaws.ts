// Seeded mistakes: each breaks one rule of the protocol. They exist to prove that the random simulation would
// notice; production constructs groups without them (`NO_FLAWS`), and only tests may name another value.

export type Flaws = {
  /** A candidate canvasses and campaigns while its own promise to a leaseholder is live. */
  readonly ignoresOwnLeasePromise: boolean;
  /** A restarted replica forgets which ballot it had promised. */
  readonly forgetsPromiseAtRestart: boolean;
  /** A restarted replica does not assume that it had just promised a lease. */
  readonly skipsLeaseWaitAtRestart: boolean;
  /** A leader counts replicas for entries of older ballots. */
  readonly countsOldBallots: boolean;
  /** Promises leave before they are durable. */
  readonly promisesBeforeDurable: boolean;
  /** Acceptances leave before the entries are durable. */
  readonly acceptsBeforeDurable: boolean;
  /** A follower appends without looking at the ballot before the first entry. */
  readonly skipsAgreementCheck: boolean;
  /** The lease counts from the arrival of the answer, not from the sending of the round. */
  readonly leasesFromAnswer: boolean;
  /** A candidate leads with its own log even when a promise showed a better one. */
  readonly keepsOwnLog: boolean;
  /** A leader serves before it has committed an entry of its own ballot. */
  readonly servesAtOnce: boolean;
  /** A leader that handed over goes on believing in its lease. */
  readonly keepsLeaseAfterHandOver: boolean;
  /** Learners count in quorums. */
  readonly countsLearners: boolean;
  /** A leader changes the configuration while the change before is not committed. */
  readonly changesWhileUncommitted: boolean;
  /** A leader changes the configuration before it has committed an entry of its own ballot. */
  readonly changesBeforeOwnCommit: boolean;
  /** A candidate that adopted another configuration leads with the promises it has. */
  readonly keepsPromisesOfOlderConfiguration: boolean;
  /** A cut log leaves the configuration of an entry that is gone in force. */
  readonly keepsConfigurationOnCut: boolean;
  /** A joining replica's log begins at the leader's commit, though not all members have what is below. */
  readonly installsAtCommit: boolean;
  /** A leader serves after it has proposed to split the group. */
  readonly servesAfterSplit: boolean;
  /** A log replica campaigns. */
  readonly logReplicaCampaigns: boolean;
};

export const NO_FLAWS: Flaws = {
  ignoresOwnLeasePromise: false,
  forgetsPromiseAtRestart: false,
  skipsLeaseWaitAtRestart: false,
  countsOldBallots: false,
  promisesBeforeDurable: false,
  acceptsBeforeDurable: false,
  skipsAgreementCheck: false,
  leasesFromAnswer: false,
  keepsOwnLog: false,
  servesAtOnce: false,
  keepsLeaseAfterHandOver: false,
  countsLearners: false,
  changesWhileUncommitted: false,
  changesBeforeOwnCommit: false,
  keepsPromisesOfOlderConfiguration: false,
  keepsConfigurationOnCut: false,
  installsAtCommit: false,
  servesAfterSplit: false,
  logReplicaCampaigns: false,
};
