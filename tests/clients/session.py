"""A session with boto3, unmodified: what a person who has used AWS would type first.

Run by tests/clients.rs against a server of its own; the environment says where it is. Fails with a traceback.
"""

import base64
import io
import json
import re
import sys
import time
import zipfile

import boto3
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/any"
folder, workflows = sys.argv[1:]
awslambda = boto3.client("lambda")
states = boto3.client("stepfunctions")


def component(name):
    with open(f"{folder}/{name}.wasm", "rb") as file:
        return file.read()


def upload(name, code, **settings):
    created = awslambda.create_function(FunctionName=name, Role=ROLE, Code={"ZipFile": code}, **settings)
    awslambda.get_waiter("function_active_v2").wait(FunctionName=name, WaiterConfig={"Delay": 1})
    return created["FunctionArn"]


def read(name):
    with open(f"{workflows}/{name}") as file:
        return file.read()


def closed(execution):
    while True:
        described = states.describe_execution(executionArn=execution)
        if described["status"] != "RUNNING":
            return described
        time.sleep(0.1)


def refused(code, call, **parameters):
    try:
        call(**parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == code, error
        return error.response["Error"]["Message"]
    raise AssertionError(f"{parameters} was not refused")


# Who am I?
assert boto3.client("sts").get_caller_identity()["Account"] == "000000000000"

# A component as it is, and one in a zip; a runtime and a handler that mean nothing here.
archive = io.BytesIO()
with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
    file.writestr("task.wasm", component("echo"))
upload("zipped", archive.getvalue(), Runtime="python3.12", Handler="index.handler", Timeout=5, MemorySize=256)
upload("echo", component("echo"))
awslambda.get_waiter("function_exists").wait(FunctionName="echo")

answer = awslambda.invoke(FunctionName="zipped", Payload=b'{"a": [1, 2]}', LogType="Tail")
assert answer["StatusCode"] == 200 and answer["ExecutedVersion"] == "$LATEST", answer
assert answer["Payload"].read() == b'{"a": [1, 2]}'
assert answer["LogResult"]
assert awslambda.invoke(FunctionName="echo", InvocationType="Event", Payload=b"{}")["StatusCode"] == 202
assert awslambda.invoke(FunctionName="echo", InvocationType="DryRun")["StatusCode"] == 204

# Change it, publish it, list it, read it back.
updated = awslambda.update_function_code(FunctionName="echo", ZipFile=component("const-hello"))
awslambda.get_waiter("function_updated_v2").wait(FunctionName="echo", WaiterConfig={"Delay": 1})
awslambda.update_function_configuration(FunctionName="echo", Timeout=7)
version = awslambda.publish_version(FunctionName="echo")["Version"]
assert version == "1"
versions = awslambda.get_paginator("list_versions_by_function").paginate(FunctionName="echo")
assert [one["Version"] for page in versions for one in page["Versions"]] == ["$LATEST", "1"]
assert awslambda.get_function_configuration(FunctionName="echo")["Timeout"] == 7
assert awslambda.get_function(FunctionName="echo:1")["Configuration"]["CodeSha256"] == updated["CodeSha256"]
pages = awslambda.get_paginator("list_functions").paginate(PaginationConfig={"PageSize": 1})
assert [one["FunctionName"] for page in pages for one in page["Functions"]] == ["echo", "zipped"]
awslambda.delete_function(FunctionName="zipped")
refused("ResourceNotFoundException", awslambda.get_function, FunctionName="zipped")
refused("ResourceConflictException", awslambda.create_function, FunctionName="echo", Role=ROLE,
        Code={"ZipFile": component("echo")})

# Tags, which say how much a function may burn: changed in place, they count for the next invocation.
spin = upload("spin", component("spin"), Tags={"stepwell:fuel": "3000000", "team": "a"})


def burnt():
    answer = awslambda.invoke(FunctionName="spin", LogType="Tail")
    assert json.loads(answer["Payload"].read())["errorType"] == "Runtime.OutOfFuel", answer
    log = base64.b64decode(answer["LogResult"]).decode()
    return int(re.search(r"Fuel: (\d+)", log).group(1)), log


before, log = burnt()
assert "3000000" in log, log
awslambda.tag_resource(Resource=spin, Tags={"stepwell:fuel": "1000000"})
after, log = burnt()
assert "1000000" in log and after < before / 2, log
assert awslambda.list_tags(Resource=spin)["Tags"] == {"stepwell:fuel": "1000000", "team": "a"}
refused("InvalidParameterValueException", awslambda.tag_resource, Resource=spin, Tags={"stepwell:fuel": "none"})
awslambda.untag_resource(Resource=spin, TagKeys=["stepwell:fuel", "team"])
assert awslambda.list_tags(Resource=spin)["Tags"] == {}
refused("ResourceNotFoundException", awslambda.list_tags, Resource=spin + "-absent")
awslambda.delete_function(FunctionName="spin")

# The order machine.
definition = read("order.asl.json")
for name in ["validate-order", "reserve-stock", "charge-payment", "refund-payment", "ship-order", "issue-invoice",
             "notify-customer"]:
    definition = definition.replace("${%s}" % name, upload(name, component(name)))
machine = states.create_state_machine(name="order", definition=definition, roleArn=ROLE)["stateMachineArn"]
order = read("order.input.json")
started = states.start_execution(stateMachineArn=machine, name="first", input=order)
again = states.start_execution(stateMachineArn=machine, name="first", input=order)
assert again["executionArn"] == started["executionArn"] and again["startDate"] == started["startDate"]
described = closed(started["executionArn"])
assert described["status"] == "SUCCEEDED", described
assert json.loads(described["output"]) == json.loads(read("order.expected.json"))
refused("ExecutionAlreadyExists", states.start_execution, stateMachineArn=machine, name="first", input="{}")

states.tag_resource(resourceArn=machine, tags=[{"key": "team", "value": "a"}, {"key": "stage", "value": "test"}])
states.untag_resource(resourceArn=machine, tagKeys=["stage", "absent"])
assert states.list_tags_for_resource(resourceArn=machine)["tags"] == [{"key": "team", "value": "a"}]
states.untag_resource(resourceArn=machine, tagKeys=["team"])
refused("ResourceNotFound", states.tag_resource, resourceArn=machine + "-absent", tags=[])

# Page through the history, both ways.
pages = states.get_paginator("get_execution_history")
forward = [page["events"] for page in pages.paginate(executionArn=started["executionArn"],
                                                      PaginationConfig={"PageSize": 7})]
assert len(forward) > 3 and all(len(page) == 7 for page in forward[:-1])
events = [event for page in forward for event in page]
assert [event["id"] for event in events] == list(range(1, len(events) + 1))
backward = pages.paginate(executionArn=started["executionArn"], reverseOrder=True)
assert [event["id"] for page in backward for event in page["events"]] == [event["id"] for event in events][::-1]
bare = states.get_execution_history(executionArn=started["executionArn"], includeExecutionData=False)
assert "input" not in bare["events"][0]["executionStartedEventDetails"], bare["events"][0]

# An approval.
definition = read("approval.asl.json")
for name in ["request-approval", "settle-approval"]:
    definition = definition.replace("${%s}" % name, upload(name, component(name)))
approval = states.create_state_machine(name="approval", definition=definition, roleArn=ROLE)["stateMachineArn"]
waiting = states.start_execution(stateMachineArn=approval, input=read("approval.input.json"))["executionArn"]


def token(execution):
    while True:
        for event in states.get_execution_history(executionArn=execution)["events"]:
            if event["type"] == "TaskScheduled":
                return json.loads(event["taskScheduledEventDetails"]["parameters"])["Payload"]["token"]
        time.sleep(0.05)


asked = token(waiting)
states.send_task_heartbeat(taskToken=asked)
states.send_task_success(taskToken=asked, output=read("approval.decision.json"))
assert json.loads(closed(waiting)["output"]) == json.loads(read("approval.expected.json"))
refused("TaskTimedOut", states.send_task_success, taskToken=asked, output="{}")
refused("InvalidToken", states.send_task_failure, taskToken="AAAA")

# Stop one.
stopped = states.start_execution(stateMachineArn=approval, input=read("approval.input.json"))["executionArn"]
states.stop_execution(executionArn=stopped, error="Nobody.Waits", cause="any more")
described = states.describe_execution(executionArn=stopped)
assert (described["status"], described["error"], described["cause"]) == ("ABORTED", "Nobody.Waits", "any more")

# Express, synchronously.
express = states.create_state_machine(name="order-express", type="EXPRESS", roleArn=ROLE,
                                      definition=states.describe_state_machine(stateMachineArn=machine)["definition"])
express = express["stateMachineArn"]
answer = states.start_sync_execution(stateMachineArn=express, input=order)
assert answer["status"] == "SUCCEEDED" and answer["billingDetails"]["billedDurationInMilliseconds"] > 0, answer
assert json.loads(answer["output"]) == json.loads(read("order.expected.json"))

# Lists.
pages = states.get_paginator("list_state_machines").paginate(PaginationConfig={"PageSize": 2})
assert sorted(one["name"] for page in pages for one in page["stateMachines"]) == ["approval", "order", "order-express"]
listed = states.list_executions(stateMachineArn=approval, statusFilter="ABORTED")["executions"]
assert [one["executionArn"] for one in listed] == [stopped]
assert states.list_tags_for_resource(resourceArn=machine)["tags"] == []
assert states.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"] == []
assert states.list_state_machine_aliases(stateMachineArn=machine)["stateMachineAliases"] == []
revision = states.update_state_machine(stateMachineArn=machine, definition=definition)["revisionId"]
assert states.describe_state_machine(stateMachineArn=machine)["revisionId"] == revision
found = states.describe_state_machine_for_execution(executionArn=started["executionArn"])
assert "ValidateOrder" in found["definition"], "a running execution keeps its definition"
states.delete_state_machine(stateMachineArn=approval)
refused("InvalidDefinition", states.create_state_machine, name="x", definition="{", roleArn=ROLE)

# Accounts and regions are apart.
elsewhere = boto3.client("stepfunctions", region_name="eu-central-1")
assert elsewhere.list_state_machines()["stateMachines"] == []
other = boto3.client("stepfunctions", aws_access_key_id="123456789012", aws_secret_access_key="any")
assert other.list_state_machines()["stateMachines"] == []
refused("StateMachineDoesNotExist", other.describe_state_machine, stateMachineArn=machine.replace("0" * 12, "1" * 12))

# A service that is not there says so.
message = refused("NotImplemented", boto3.client("sqs", endpoint_url=states.meta.endpoint_url).list_queues)
assert "Stepwell does not serve SQS" in message, message
print("all of it")
