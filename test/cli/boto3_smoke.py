"""boto3 against a server: client, resource, waiters, paginators, batches, transactions, errors.

Started by .ci/boto3. STATOR_ENDPOINT is the server; credentials and region come from the environment as for any
program that uses boto3. Prints one line for each part, and ends with exit code 1 when one failed.
"""
import os
import sys
import time
import traceback
from decimal import Decimal

import boto3
from boto3.dynamodb.conditions import Attr, Key
from boto3.dynamodb.types import Binary
from botocore.config import Config
from botocore.exceptions import ClientError

ENDPOINT = os.environ["STATOR_ENDPOINT"]
CONFIG = Config(retries={"max_attempts": 3})
client = boto3.client("dynamodb", endpoint_url=ENDPOINT, config=CONFIG)
resource = boto3.resource("dynamodb", endpoint_url=ENDPOINT, config=CONFIG)


def refused(code, call, **arguments):
    """The error of a call that must be refused with this code."""
    try:
        call(**arguments)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        assert error.response["ResponseMetadata"]["HTTPStatusCode"] == 400, error
        return error
    raise AssertionError(f"{code} expected")


def eventually(check):
    end = time.time() + 20
    while True:
        try:
            return check()
        except AssertionError:
            if time.time() > end:
                raise
            time.sleep(0.05)


def wait(state, name):
    """As the resource's own waiters do, which look every 20 seconds."""
    client.get_waiter(state).wait(TableName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


def make(name, **more):
    table = resource.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        **{
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "N"},
            ],
            **more,
        },
    )
    wait("table_exists", name)
    return table


def items():
    table = make("boto-items")
    item = {
        "pk": "a", "sk": Decimal(1), "text": "ü€😀", "big": Decimal("12345678901234567890.12345678901234567"),
        "bin": Binary(b"\x00\xff"), "yes": True, "nil": None, "list": [Decimal(1), "x", [None]],
        "map": {"k": {"deep": Decimal("1.5")}}, "labels": {"a", "b"}, "numbers": {Decimal(1), Decimal(2)},
    }
    table.put_item(Item=item)
    assert table.get_item(Key={"pk": "a", "sk": 1}, ConsistentRead=True)["Item"] == item
    error = refused("ConditionalCheckFailedException", table.put_item, Item=item, ConditionExpression=Attr("pk").not_exists())
    assert error.response["Error"]["Message"] == "The conditional request failed"
    answer = table.update_item(
        Key={"pk": "a", "sk": 1}, UpdateExpression="SET #m.k.deep = #m.k.deep + :n, #l = list_append(#l, :l) REMOVE nil ADD labels :s",
        ExpressionAttributeNames={"#m": "map", "#l": "list"}, ReturnValues="UPDATED_NEW",
        ExpressionAttributeValues={":n": 1, ":l": ["end"], ":s": {"c"}},
    )
    assert answer["Attributes"]["map"] == {"k": {"deep": Decimal("2.5")}}, answer
    assert answer["Attributes"]["labels"] == {"a", "b", "c"}, answer
    old = table.delete_item(Key={"pk": "a", "sk": 1}, ReturnValues="ALL_OLD")["Attributes"]
    assert old["list"] == [1, "x", [None], "end"] and "nil" not in old
    assert "Item" not in table.get_item(Key={"pk": "a", "sk": 1})
    refused("ValidationException", table.put_item, Item={"pk": "a"})
    refused("ResourceNotFoundException", resource.Table("boto-none").get_item, Key={"pk": "a", "sk": 1})


def pages():
    table = make("boto-pages")
    with table.batch_writer() as batch:
        for i in range(60):
            batch.put_item(Item={"pk": "p", "sk": i, "v": i * i, "pad": "x" * 40_000})
    page = table.query(KeyConditionExpression=Key("pk").eq("p") & Key("sk").between(10, 19), ScanIndexForward=False)
    assert [int(item["sk"]) for item in page["Items"]] == list(range(19, 9, -1))
    page = table.query(KeyConditionExpression=Key("pk").eq("p"), FilterExpression=Attr("v").gt(100) & Attr("v").lt(150))
    assert page["ScannedCount"] < 60 and "LastEvaluatedKey" in page, "more than 1 MB"
    seen = []
    for page in client.get_paginator("query").paginate(
        TableName="boto-pages", KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "p"}},
        ProjectionExpression="sk", PaginationConfig={"PageSize": 7},
    ):
        seen += [int(item["sk"]["N"]) for item in page["Items"]]
    assert seen == list(range(60))
    pages = client.get_paginator("scan").paginate(TableName="boto-pages", Select="COUNT")
    assert sum(page["Count"] for page in pages) == 60
    got = client.batch_get_item(RequestItems={"boto-pages": {"Keys": [{"pk": {"S": "p"}, "sk": {"N": str(i)}} for i in range(5)]}})
    assert len(got["Responses"]["boto-pages"]) == 5 and got["UnprocessedKeys"] == {}
    capacity = table.query(KeyConditionExpression=Key("pk").eq("p"), Limit=1, ReturnConsumedCapacity="TOTAL")["ConsumedCapacity"]
    assert capacity == {"TableName": "boto-pages", "CapacityUnits": 5.0}, capacity


def partiql():
    make("boto-partiql")
    run = client.execute_statement
    run(Statement="INSERT INTO \"boto-partiql\" VALUE {'pk': ?, 'sk': 1, 'v': 'x'}", Parameters=[{"S": "p"}])
    refused("DuplicateItemException", run, Statement="INSERT INTO \"boto-partiql\" VALUE {'pk': 'p', 'sk': 1}")
    assert run(Statement="SELECT v FROM \"boto-partiql\" WHERE pk = 'p' AND sk = 1")["Items"] == [{"v": {"S": "x"}}]


def tables():
    names = ["boto-list-1", "boto-list-2", "boto-list-3"]
    for name in names:
        make(name)
    listed = [name for page in client.get_paginator("list_tables").paginate(PaginationConfig={"PageSize": 2}) for name in page["TableNames"]]
    assert [name for name in listed if name.startswith("boto-list")] == names
    table = resource.Table("boto-list-1")
    assert table.table_status == "ACTIVE" and table.item_count == 0 and table.key_schema[0]["AttributeName"] == "pk"
    table.delete()
    wait("table_not_exists", "boto-list-1")
    refused("ResourceNotFoundException", client.describe_table, TableName="boto-list-1")
    units = {"ReadCapacityUnits": 2, "WriteCapacityUnits": 3}
    client.update_table(TableName="boto-list-2", BillingMode="PROVISIONED", ProvisionedThroughput=units)
    wait("table_exists", "boto-list-2")
    described = client.describe_table(TableName="boto-list-2")["Table"]
    assert described["ProvisionedThroughput"]["WriteCapacityUnits"] == 3, described


def indexes():
    table = make(
        "boto-indexes",
        AttributeDefinitions=[
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "N"},
            {"AttributeName": "owner", "AttributeType": "S"}, {"AttributeName": "at", "AttributeType": "N"},
        ],
        LocalSecondaryIndexes=[{
            "IndexName": "by-at", "Projection": {"ProjectionType": "KEYS_ONLY"},
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        }],
        GlobalSecondaryIndexes=[{
            "IndexName": "by-owner", "Projection": {"ProjectionType": "ALL"},
            "KeySchema": [{"AttributeName": "owner", "KeyType": "HASH"}, {"AttributeName": "at", "KeyType": "RANGE"}],
        }],
    )
    for i in range(6):
        table.put_item(Item={"pk": "p", "sk": i, "owner": "ada" if i % 2 else "eve", "at": 100 - i})
    local = table.query(IndexName="by-at", KeyConditionExpression=Key("pk").eq("p") & Key("at").lt(98), ConsistentRead=True)
    assert [int(item["sk"]) for item in local["Items"]] == [5, 4, 3]

    def check():
        found = table.query(IndexName="by-owner", KeyConditionExpression=Key("owner").eq("ada"))
        assert [int(item["sk"]) for item in found["Items"]] == [5, 3, 1], found

    eventually(check)


def transactions():
    make("boto-tx")
    put = lambda sk, **more: {"Put": {"TableName": "boto-tx", "Item": {"pk": {"S": "t"}, "sk": {"N": str(sk)}}, **more}}
    client.transact_write_items(TransactItems=[put(1), put(2)])
    error = refused(
        "TransactionCanceledException", client.transact_write_items,
        TransactItems=[put(3), put(1, ConditionExpression="attribute_not_exists(pk)")],
    )
    assert [reason["Code"] for reason in error.response["CancellationReasons"]] == ["None", "ConditionalCheckFailed"], error.response
    got = client.transact_get_items(TransactItems=[
        {"Get": {"TableName": "boto-tx", "Key": {"pk": {"S": "t"}, "sk": {"N": str(sk)}}}} for sk in (1, 3)
    ])
    assert ["Item" in one for one in got["Responses"]] == [True, False]


def main():
    failed = 0
    chosen = sys.argv[1:]
    for part in (items, pages, partiql, tables, indexes, transactions):
        if chosen and part.__name__ not in chosen:
            continue
        try:
            part()
            print(f"ok: {part.__name__}")
        except Exception:  # whatever it is, the part has failed and the next one goes on
            failed += 1
            print(f"FAILED: {part.__name__}")
            traceback.print_exc(file=sys.stdout)
    print(f"boto3 {boto3.__version__}: {'all passed' if failed == 0 else f'{failed} failed'}")
    return 0 if failed == 0 else 1


sys.exit(main())
