// dynamics-web-api 2.5.0, unmodified, against the Dynamics 365 emulator.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DynamicsWebApi } from "dynamics-web-api";
import { startSandbox } from "./sandbox.mjs";

let sandbox;
let api;

async function token() {
  const { login } = sandbox;
  const answer = await fetch(login.token_url, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: login.client_id,
      client_secret: sandbox.secret("dynamics365_client_secret"),
      scope: `${sandbox.url}/.default`,
    }),
  });
  const body = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(body));
  return body.access_token;
}

const opportunities = "opportunities";
const read = (key, select) => api.retrieve({ collection: opportunities, key, select });
const create = (data, more = {}) => api.create({ collection: opportunities, data, ...more });

before(async () => {
  sandbox = await startSandbox("dynamics365", 25);
  const accessToken = await token();
  api = new DynamicsWebApi({ serverUrl: sandbox.url, onTokenRefresh: async () => accessToken });
});
after(() => sandbox?.stop());

test("WhoAmI names the application user", async () => {
  const who = await api.callFunction({ name: "WhoAmI" });
  assert.match(who.UserId, /^[0-9a-f-]{36}$/);
});

test("a listing with select, filter, expand, order and count", async () => {
  const page = await api.retrieveMultiple({
    collection: opportunities,
    select: ["name", "estimatedvalue"],
    filter: "contains(name,'a') and statecode eq 0",
    orderBy: ["modifiedon desc"],
    expand: [{ property: "parentaccountid", select: ["name"] }],
    count: true,
    includeAnnotations: "*",
  });
  assert.ok(page.value.length > 0);
  assert.equal(page.oDataCount, page.value.length);
  assert.ok(page.value.every((row) => row.parentaccountid === null || typeof row.parentaccountid.name === "string"));
});

test("a listing is paged through next links to its end", async () => {
  const first = await api.retrieveMultiple({ collection: opportunities, select: ["name"], maxPageSize: 7 });
  assert.equal(first.value.length, 7);
  const second = await api.retrieveMultiple(
    { collection: opportunities, select: ["name"], maxPageSize: 7 }, first.oDataNextLink);
  assert.equal(second.value.length, 7);
  const all = await api.retrieveAll({ collection: opportunities, select: ["name"], maxPageSize: 7 });
  assert.equal(new Set(all.value.map((row) => row.opportunityid)).size, 25);
  assert.equal(await api.count({ collection: opportunities }), 25);
});

test("create answers the id, or the row when it is asked for", async () => {
  const id = await create({ name: "Ängström & Söhne", estimatedvalue: 12.5 });
  assert.match(id, /^[0-9a-f-]{36}$/);
  const row = await create({ name: "With representation" }, { returnRepresentation: true, select: ["name"] });
  assert.equal(row.name, "With representation");
  assert.equal((await read(id, ["name"])).name, "Ängström & Söhne");
});

test("updates: unconditional, with the right and with a stale version", async () => {
  const id = await create({ name: "Versions" });
  const before = await read(id, ["name"]);
  const update = (data, more = {}) => api.update({ collection: opportunities, key: id, data, ...more });
  assert.equal(await update({ description: "one" }), true);
  assert.equal(await update({ description: "two" }, { ifmatch: before["@odata.etag"] }), false);
  const now = await read(id, ["description"]);
  assert.equal(now.description, "one");
  assert.equal(await update({ description: "three" }, { ifmatch: now["@odata.etag"] }), true);
  const shown = await update({ description: "four" }, { returnRepresentation: true, select: ["description"] });
  assert.equal(shown.description, "four");
  const nobody = "00000000-0000-4000-8000-000000000001";
  await assert.rejects(api.update({ collection: opportunities, key: nobody, data: { name: "x" } }),
    (e) => e.status === 404);
});

test("an unchanged row is not sent again", async () => {
  const id = await create({ name: "Conditional" });
  const row = await read(id, ["name"]);
  const again = await api.retrieve(
    { collection: opportunities, key: id, select: ["name"], ifnonematch: row["@odata.etag"] });
  assert.equal(again, undefined); // 304: nothing came
});

test("upserts: create only, update only, and by alternate key", async () => {
  const key = "6f1d2a77-0000-4000-8000-00000000beef";
  const upsert = (more) => api.upsert({ collection: opportunities, key, data: { name: "Upserted" }, ...more });
  assert.equal(await upsert({ ifmatch: "*" }), null);
  assert.equal(await upsert({ ifnonematch: "*" }), key);
  assert.equal(await upsert({ ifnonematch: "*" }), null);
  assert.equal(await upsert({}), key);
  const byKey = { collection: opportunities, key: `cosell_referralid='${key}'`, data: { name: "By key" } };
  await api.upsert(byKey);
  await api.upsert({ ...byKey, data: { name: "By key, again" } });
  const found = await api.retrieveMultiple(
    { collection: opportunities, select: ["name"], filter: `cosell_referralid eq '${key}'` });
  assert.deepEqual(found.value.map((row) => row.name), ["By key, again"]);
});

test("changes since a delta link: new, changed and deleted rows", async () => {
  const select = ["name"];
  const tracked = () => ({ collection: opportunities, select, trackChanges: true });
  const first = await api.retrieveMultiple(tracked());
  assert.ok(first.oDataDeltaLink);
  const made = await create({ name: "Tracked" });
  const gone = first.value[0].opportunityid;
  await api.deleteRecord({ collection: opportunities, key: gone });
  const changes = await api.retrieveMultiple(tracked(), first.oDataDeltaLink);
  assert.ok(changes.value.some((row) => row.opportunityid === made));
  assert.ok(changes.value.some((row) => row.id === gone && row.reason === "deleted"));
  const none = await api.retrieveMultiple(tracked(), changes.oDataDeltaLink);
  assert.equal(none.value.length, 0);
});

test("a tracked listing refuses a filter", async () => {
  const tracked = { collection: opportunities, select: ["name"], trackChanges: true, filter: "statecode eq 0" };
  await assert.rejects(api.retrieveMultiple(tracked), (e) => /filter/.test(e.message));
});

test("a batch answers for each request", async () => {
  api.startBatch();
  create({ name: "Batch 1" }, { inChangeSet: false });
  api.retrieveMultiple({ collection: opportunities, select: ["name"], top: 3 });
  create({ name: "Batch 2" }, { inChangeSet: false });
  const [one, list, two] = await api.executeBatch();
  assert.match(one, /^[0-9a-f-]{36}$/);
  assert.equal(list.value.length, 3);
  assert.match(two, /^[0-9a-f-]{36}$/);
});

test("a change set is taken back as a whole, and the batch can go on", async () => {
  api.startBatch();
  create({ name: "Taken back" }, { contentId: "1" });
  create({ name: "x".repeat(400) }, { contentId: "2" });
  await assert.rejects(api.executeBatch(), (errors) => errors.some((e) => e.error?.code === "0x80044331"));
  const left = await api.retrieveMultiple(
    { collection: opportunities, select: ["name"], filter: "name eq 'Taken back'" });
  assert.equal(left.value.length, 0);

  api.startBatch();
  create({ name: "y".repeat(400) }, { inChangeSet: false });
  create({ name: "Went on" }, { inChangeSet: false });
  const [refused, made] = await api.executeBatch({ continueOnError: true });
  assert.ok(refused instanceof Error);
  assert.match(made, /^[0-9a-f-]{36}$/);
});

test("a long URL becomes a batch by itself", async () => {
  const names = Array.from({ length: 120 }, (_, n) => `name eq 'a rather long name number ${n}'`).join(" or ");
  const page = await api.retrieveMultiple({ collection: opportunities, select: ["name"], filter: names });
  assert.equal(page.value.length, 0);
});

test("actions: win and reopen, and a bound one", async () => {
  const id = await create({ name: "Won" });
  await api.callAction({
    actionName: "WinOpportunity",
    action: { Status: 3, OpportunityClose: { subject: "Won", "opportunityid@odata.bind": `/opportunities(${id})` } },
  });
  assert.equal((await read(id, ["statecode"])).statecode, 1);
  await api.update({ collection: opportunities, key: id, data: { statecode: 0, statuscode: 1 } });
  assert.equal((await read(id, ["statecode"])).statecode, 0);
  const many = await api.callAction({
    collection: opportunities,
    actionName: "Microsoft.Dynamics.CRM.CreateMultiple",
    action: {
      Targets: [1, 2].map((n) => ({ "@odata.type": "Microsoft.Dynamics.CRM.opportunity", name: `Multiple ${n}` })),
    },
  });
  assert.equal(many.Ids.length, 2);
});

test("metadata: the choices of a column and the tables", async () => {
  const stage = await api.retrieveAttribute({
    entityKey: "LogicalName='opportunity'",
    attributeKey: "LogicalName='salesstage'",
    castType: "Microsoft.Dynamics.CRM.PicklistAttributeMetadata",
    select: ["LogicalName"],
    expand: [{ property: "OptionSet", select: ["Options"] }],
  });
  assert.ok(stage.OptionSet.Options.some((o) => o.Label.UserLocalizedLabel.Label === "Qualify"));
  const tables = await api.retrieveEntities(
    { select: ["LogicalName"], filter: "LogicalName eq 'opportunity'" });
  assert.deepEqual(tables.value.map((t) => t.LogicalName), ["opportunity"]);
});

test("entity names instead of set names", async () => {
  const accessToken = await token();
  const named = new DynamicsWebApi({
    serverUrl: sandbox.url,
    useEntityNames: true,
    onTokenRefresh: async () => accessToken,
  });
  const page = await named.retrieveMultiple({ collection: "opportunity", select: ["name"], top: 1 });
  assert.equal(page.value.length, 1);
});

test("throttling reaches the client with the time to wait", async () => {
  await sandbox.set({ throttle_next: 1, throttle_retry_after: 3 });
  await assert.rejects(api.count({ collection: opportunities }),
    (e) => e.status === 429 && e.code === "0x80072322" && e.headers["retry-after"] === "3");
});
