// DynamoDB's limits on values, items, names, expressions and requests: each with its unit and its reason.
// All are inclusive maxima unless named otherwise. Byte counts are of UTF-8 or raw bytes, never characters.
import { assert } from "../base/assert.ts";

export const KIB: number = 1024;
export const MIB: number = 1024 * KIB;
export const GIB: number = 1024 * MIB;

// ---- Items and values

/** Bytes of an item by DynamoDB's size rule (item-size.ts): the service's documented limit. */
export const ITEM_BYTES_MAX: number = 400 * KIB;
/** Levels of L and M around a value: the service's documented limit; bounds every recursion over values. */
export const NESTING_MAX: number = 32;
/** Bytes of an attribute name: the documented limit is 64 KB, which a 16-bit length counts. */
export const ATTRIBUTE_NAME_BYTES_MAX: number = 65_535;
/** Characters of the name of a key attribute. */
export const KEY_ATTRIBUTE_NAME_LENGTH_MAX: number = 255;
/** Bytes of a partition key value. */
export const HASH_KEY_BYTES_MAX: number = 2048;
/** Bytes of a sort key value. */
export const RANGE_KEY_BYTES_MAX: number = 1024;

// ---- Numbers

/** Significant decimal digits of a number. */
export const NUMBER_DIGITS_MAX: number = 38;
/** Largest power of ten of a number's first digit: 9.99…E+125. */
export const NUMBER_EXPONENT_MAX: number = 125;
/** Smallest power of ten of a number's first digit: 1E-130. */
export const NUMBER_EXPONENT_MIN: number = -130;
/** Bytes a number counts at most in an item's size: an exponent and twenty digit pairs. */
export const NUMBER_BYTES_MAX: number = 21;

// ---- Pages and batches

/** Bytes evaluated by one Query or Scan page, before the filter. */
export const PAGE_BYTES_MAX: number = MIB;
/** Keys in one BatchGetItem. */
export const BATCH_GET_COUNT_MAX: number = 100;
/** Bytes of items in one BatchGetItem answer; what is above comes back as unprocessed keys. */
export const BATCH_GET_BYTES_MAX: number = 16 * MIB;
/** Puts and deletes in one BatchWriteItem. */
export const BATCH_WRITE_COUNT_MAX: number = 25;
/** Bytes of items in one BatchWriteItem. */
export const BATCH_WRITE_BYTES_MAX: number = 16 * MIB;
/** Actions in one transaction. */
export const TRANSACTION_COUNT_MAX: number = 100;
/** Bytes of all items of one transaction. */
export const TRANSACTION_BYTES_MAX: number = 4 * MIB;
/** Segments of a parallel Scan. */
export const SCAN_SEGMENTS_MAX: number = 1_000_000;
/** Bytes of a request body: larger ones are refused before they are parsed. */
export const REQUEST_BYTES_MAX: number = 16 * MIB;

// ---- Streams

/** Records of one GetRecords answer. */
export const STREAM_RECORD_COUNT_MAX: number = 1_000;
/** Bytes of the records of one GetRecords answer, but for a single larger one. */
export const STREAM_PAGE_BYTES_MAX: number = MIB;
/** Shards in one DescribeStream answer, and streams in one ListStreams answer. */
export const STREAM_LIST_COUNT_MAX: number = 100;

// ---- Tables

/** Characters of a table name, at least and at most. Allowed are a-z, A-Z, 0-9, "_", "-" and ".". */
export const TABLE_NAME_LENGTH_MIN: number = 3;
export const TABLE_NAME_LENGTH_MAX: number = 255;
/** Characters of a table ARN, which is accepted wherever a table name is. */
export const TABLE_ARN_LENGTH_MAX: number = 1024;
/** Characters of the ARN that tags are given to, as the service model has it. */
export const RESOURCE_ARN_LENGTH_MAX: number = 1283;
/** Table names in one ListTables answer. */
export const LIST_TABLES_COUNT_MAX: number = 100;
/** Local and global secondary indexes of one table. */
export const LOCAL_INDEX_COUNT_MAX: number = 5;
export const GLOBAL_INDEX_COUNT_MAX: number = 20;
/** Attributes that are the partition key of one global index together, or its sort key. */
export const INDEX_KEY_ATTRIBUTES_MAX: number = 4;
/** Non-key attributes that all indexes of one table project by name, together. */
export const INDEX_PROJECTED_COUNT_MAX: number = 100;
/** Non-key attributes that one index may name, as the service model has it. */
export const NON_KEY_ATTRIBUTES_COUNT_MAX: number = 20;
/** Tags of one table, and the characters of a tag's key and value: AWS's own bounds for all its services. */
export const TAG_COUNT_MAX: number = 50;
export const TAG_KEY_LENGTH_MAX: number = 128;
export const TAG_VALUE_LENGTH_MAX: number = 256;
/** UTF-8 bytes of all keys and values of one table's tags: DynamoDB's documented limit. */
export const TAGS_BYTES_MAX: number = 10 * KIB;
/** Characters of a KMS key's id, alias or ARN, as the key service bounds them. */
export const KMS_KEY_LENGTH_MAX: number = 2_048;
/** Bytes of a resource-based policy: the service's documented limit. */
export const POLICY_BYTES_MAX: number = 20 * KIB;
/** Characters of a policy's revision id, as the service model has it. */
export const POLICY_REVISION_CHARS_MAX: number = 255;
/** Units per second of one table or index: the quota that an AWS account has to begin with. */
export const TABLE_UNITS_MAX: number = 40_000;
/** Units per second: the most that may be written into a request. */
export const THROUGHPUT_UNITS_MAX: number = 1_000_000_000_000;

// ---- Expressions

/** Bytes of one expression string. */
export const EXPRESSION_BYTES_MAX: number = 4 * KIB;
/** Operators and functions in one expression. */
export const EXPRESSION_OPERATOR_COUNT_MAX: number = 300;
/** Operands on the right of IN. */
export const EXPRESSION_IN_COUNT_MAX: number = 100;
/** Bytes of one `#name` or `:value` placeholder. */
export const PLACEHOLDER_BYTES_MAX: number = 255;
/** Bytes of all ExpressionAttributeNames, and of all ExpressionAttributeValues, of one request. */
export const SUBSTITUTION_BYTES_MAX: number = 2 * MIB;

// ---- Capacity

/** Bytes one strongly consistent read unit pays for. */
export const READ_UNIT_BYTES: number = 4 * KIB;
/** Bytes one write unit pays for. */
export const WRITE_UNIT_BYTES: number = KIB;

// The exponent byte of a key's number (key-number.ts) holds exactly this range.
assert(NUMBER_EXPONENT_MAX - NUMBER_EXPONENT_MIN === 255, "number exponents fill one byte");
// The length of the partition key stands in 16 bits in a tree key (key-encoding.ts).
assert(HASH_KEY_BYTES_MAX < 0x1_0000, "a partition key's length fits in 16 bits");
// A page, a batch and a transaction each take at least one item of any size.
assert(ITEM_BYTES_MAX <= PAGE_BYTES_MAX && ITEM_BYTES_MAX <= TRANSACTION_BYTES_MAX, "an item fits in a page");
