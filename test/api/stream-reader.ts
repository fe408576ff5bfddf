// Reads a stream as the Kinesis Client Library's adapter does: lists the shards again and again, begins one when its
// parent is read to its end, and keeps a checkpoint for each, from which it goes on with a new iterator now and then.
import {
  DescribeStreamCommand, GetRecordsCommand, GetShardIteratorCommand, type _Record, type DynamoDBStreamsClient,
  type Shard,
} from "@aws-sdk/client-dynamodb-streams";

type Lease = { iterator: string | undefined; checkpoint: string | null; isDone: boolean; reads: number };

/** A reader that was restarted goes on from its checkpoint: after so many reads of a shard. */
const READS_PER_ITERATOR = 3;
const PAGE_RECORDS = 50;

export class StreamReader {
  readonly records: _Record[] = [];
  readonly leases: Map<string, Lease> = new Map();
  readonly #client: DynamoDBStreamsClient;
  readonly #arn: string;

  constructor(client: DynamoDBStreamsClient, arn: string) {
    this.#client = client;
    this.#arn = arn;
  }

  async shards(): Promise<readonly Shard[]> {
    const shards: Shard[] = [];
    let from: string | undefined;
    do {
      const { StreamDescription } = await this.#client.send(new DescribeStreamCommand({
        StreamArn: this.#arn, Limit: 2, ...(from === undefined ? {} : { ExclusiveStartShardId: from }),
      }));
      shards.push(...StreamDescription?.Shards ?? []);
      from = StreamDescription?.LastEvaluatedShardId;
    } while (from !== undefined);
    return shards;
  }

  /** One read of each shard whose turn has come. Returns how many records there were. */
  async turn(): Promise<number> {
    let count = 0;
    for (const { ShardId = "", ParentShardId } of await this.shards()) {
      let lease = this.leases.get(ShardId);
      if (lease?.isDone === true) continue;
      if (ParentShardId !== undefined && this.leases.get(ParentShardId)?.isDone !== true) continue;
      lease ??= { iterator: undefined, checkpoint: null, isDone: false, reads: 0 };
      this.leases.set(ShardId, lease);
      count += await this.#read(ShardId, lease);
    }
    return count;
  }

  async #read(ShardId: string, lease: Lease): Promise<number> {
    if (lease.reads++ % READS_PER_ITERATOR === 0) lease.iterator = await this.#iterator(ShardId, lease.checkpoint);
    const { Records = [], NextShardIterator } = await this.#client.send(new GetRecordsCommand({
      ShardIterator: lease.iterator, Limit: PAGE_RECORDS,
    }));
    this.records.push(...Records);
    lease.checkpoint = Records.at(-1)?.dynamodb?.SequenceNumber ?? lease.checkpoint;
    lease.iterator = NextShardIterator;
    if (NextShardIterator === undefined) lease.isDone = true;
    return Records.length;
  }

  async #iterator(ShardId: string, checkpoint: string | null): Promise<string | undefined> {
    const { ShardIterator } = await this.#client.send(new GetShardIteratorCommand({
      StreamArn: this.#arn, ShardId,
      ...(checkpoint === null ? { ShardIteratorType: "TRIM_HORIZON" }
        : { ShardIteratorType: "AFTER_SEQUENCE_NUMBER", SequenceNumber: checkpoint }),
    }));
    return ShardIterator;
  }
}
