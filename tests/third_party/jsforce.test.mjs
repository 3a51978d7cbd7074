// jsforce 3.10.16, unmodified, against the Salesforce emulator: what it can do with an org it can do here.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import jsforce from "jsforce";
import { startSandbox } from "./sandbox.mjs";

const version = "64.0";
let sandbox;
let conn;

const oauth2 = () => ({
  loginUrl: sandbox.url,
  clientId: "cosell-sandbox-app",
  clientSecret: sandbox.secret("salesforce_client_secret"),
});

async function connect() {
  const connection = new jsforce.Connection({ loginUrl: sandbox.url, version, oauth2: oauth2() });
  await connection.authorize({ grant_type: "client_credentials" });
  return connection;
}

const deal = (name, more = {}) => ({ Name: name, StageName: "Prospecting", CloseDate: "2027-03-31", ...more });

before(async () => {
  sandbox = await startSandbox("salesforce", 25);
  conn = await connect();
});
after(() => sandbox?.stop());

test("client credentials give a token, the instance and the user", async () => {
  assert.equal(conn.instanceUrl, sandbox.url);
  assert.match(conn.userInfo.organizationId, /^00D/);
  const who = await conn.identity();
  assert.equal(who.user_id, conn.userInfo.id);
});

test("a wrong secret is refused with the name of the error", async () => {
  const wrong = new jsforce.Connection({ version, oauth2: { ...oauth2(), clientSecret: "wrong" } });
  await assert.rejects(wrong.authorize({ grant_type: "client_credentials" }), (e) => e.name === "invalid_client");
});

test("a query is paged to its end", async () => {
  await sandbox.set({ page_size: 7 });
  const first = await conn.query("SELECT Id, Name, Account.Name FROM Opportunity ORDER BY Name");
  assert.equal(first.totalSize, 25);
  assert.equal(first.done, false);
  const second = await conn.queryMore(first.nextRecordsUrl);
  assert.equal(second.records.length, 7);
  const seen = [];
  await conn
    .query("SELECT Id FROM Opportunity")
    .on("record", (r) => seen.push(r.Id))
    .run({ autoFetch: true, maxFetch: 100 });
  assert.equal(new Set(seen).size, 25);
  await sandbox.set({ page_size: 2000 });
});

test("find, count, and the forms of SOQL that the client writes", async () => {
  await conn.sobject("Opportunity").create(deal("O'Brien & Söhne", { Amount: 12.5 }));
  const found = await conn
    .sobject("Opportunity")
    .find({ Name: "O'Brien & Söhne", Amount: { $gt: 5 } }, "Id, Name")
    .sort({ CreatedDate: -1 })
    .limit(2);
  assert.equal(found.length, 1);
  assert.equal(await conn.sobject("Opportunity").count({ Name: { $like: "O'Brien%" } }), 1);
  await conn.sobject("Opportunity").destroy(found[0].Id);
});

test("one record: create, retrieve, update, delete, and the recycle bin", async () => {
  const made = await conn.sobject("Opportunity").create(deal("One record"));
  assert.equal(made.success, true);
  assert.match(made.id, /^006.{15}$/);
  const updated = await conn.sobject("Opportunity").update({ Id: made.id, Amount: 100.25, StageName: "Qualification" });
  assert.equal(updated.success, true);
  const read = await conn.sobject("Opportunity").retrieve(made.id, { fields: ["Name", "Amount", "IsClosed"] });
  assert.equal(read.Amount, 100.25);
  assert.equal(read.IsClosed, false);
  const gone = await conn.sobject("Opportunity").destroy(made.id);
  assert.equal(gone.success, true);
  const inBin = await conn.query(`SELECT Id, IsDeleted FROM Opportunity WHERE Id = '${made.id}'`, { scanAll: true });
  assert.equal(inBin.records[0].IsDeleted, true);
  await assert.rejects(conn.sobject("Opportunity").destroy(made.id), (e) => e.errorCode === "ENTITY_IS_DELETED");
});

test("an upsert by external id creates once and updates afterwards", async () => {
  const key = "6f1d2a77-0000-4000-8000-00000000beef";
  const row = () => deal("Upserted", { Cosell_Referral_Id__c: key });
  const first = await conn.sobject("Opportunity").upsert(row(), "Cosell_Referral_Id__c");
  assert.equal(first.created, true);
  const second = await conn.sobject("Opportunity").upsert({ ...row(), Amount: 7 }, "Cosell_Referral_Id__c");
  assert.equal(second.created, false);
  assert.equal(second.id, first.id);
});

test("collections answer for each record, in order", async () => {
  const made = await conn.sobject("Opportunity").create([deal("Many 1"), { Name: "no stage" }, deal("Many 2")]);
  assert.deepEqual(made.map((r) => r.success), [true, false, true]);
  assert.equal(made[1].errors[0].statusCode, "REQUIRED_FIELD_MISSING");
  const ids = [made[0].id, made[2].id];
  const changed = await conn.sobject("Opportunity").update(ids.map((Id) => ({ Id, NextStep: "Call back" })));
  assert.ok(changed.every((r) => r.success));
  const key = (n) => `6f1d2a77-0000-4000-8000-0000000000a${n}`;
  const rows = [1, 2].map((n) => deal(`Keyed ${n}`, { Cosell_Referral_Id__c: key(n) }));
  const upserted = await conn.sobject("Opportunity").upsert(rows, "Cosell_Referral_Id__c");
  assert.deepEqual(upserted.map((r) => r.created), [true, true]);
  const read = await conn.sobject("Opportunity").retrieve(ids, { fields: ["Id", "NextStep"] });
  assert.deepEqual(read.map((r) => r.NextStep), ["Call back", "Call back"]);
  const gone = await conn.sobject("Opportunity").destroy(ids);
  assert.ok(gone.every((r) => r.success));
});

test("all or none takes everything back", async () => {
  const result = await conn.sobject("Opportunity").create([deal("Kept?"), { Name: "no stage" }], { allOrNone: true });
  assert.ok(result.every((r) => !r.success));
  assert.equal(await conn.sobject("Opportunity").count({ Name: "Kept?" }), 0);
});

test("a composite refers to its own results and counts as one call", async () => {
  const base = `/services/data/v${version}`;
  const answer = await conn.requestPost("/composite", {
    allOrNone: true,
    compositeRequest: [
      { method: "POST", url: `${base}/sobjects/Account`, referenceId: "customer", body: { Name: "Composite Ltd" } },
      {
        method: "POST",
        url: `${base}/sobjects/Opportunity`,
        referenceId: "deal",
        body: deal("Composite deal", { AccountId: "@{customer.id}" }),
      },
      { method: "GET", url: `${base}/query?q=SELECT+Id+FROM+Opportunity+WHERE+Id='@{deal.id}'`, referenceId: "read" },
    ],
  });
  assert.deepEqual(answer.compositeResponse.map((r) => r.httpStatusCode), [201, 201, 200]);
  assert.equal(answer.compositeResponse[2].body.totalSize, 1);
});

test("a composite takes descriptions and queries, counts as one call, and refuses what is not documented for it", async () => {
  const base = `/services/data/v${version}`;
  await conn.limits();
  const before = conn.limitInfo.apiUsage.used;
  const answer = await conn.requestPost("/composite", {
    compositeRequest: [
      { method: "GET", url: `${base}/sobjects/Opportunity/describe`, referenceId: "deals" },
      { method: "GET", url: `${base}/sobjects/Nothing/describe`, referenceId: "nothing" },
      { method: "GET", url: `${base}/query?q=SELECT+ApiName+FROM+OpportunityStage`, referenceId: "stages" },
      { method: "GET", url: `${base}/limits`, referenceId: "limits" },
    ],
  });
  assert.equal(conn.limitInfo.apiUsage.used, before + 1);
  const parts = Object.fromEntries(answer.compositeResponse.map((r) => [r.referenceId, r]));
  assert.deepEqual([parts.deals.httpStatusCode, parts.nothing.httpStatusCode, parts.stages.httpStatusCode], [200, 404, 200]);
  assert.ok(parts.deals.body.fields.some((f) => f.name === "StageName"));
  assert.ok(parts.stages.body.records.some((r) => r.ApiName === "Closed Won"));
  assert.equal(parts.limits.httpStatusCode, 400);
});

test("describe shows the stages, and what the client needs of a field", async () => {
  const described = await conn.sobject("Opportunity").describe();
  const stage = described.fields.find((f) => f.name === "StageName");
  assert.equal(stage.type, "picklist");
  assert.ok(stage.picklistValues.some((p) => p.value === "Closed Won" && p.active));
  const all = await conn.describeGlobal();
  assert.ok(all.sobjects.some((o) => o.name === "Opportunity"));
});

test("what was updated and deleted in a window", async () => {
  const made = await conn.sobject("Opportunity").create(deal("Replicated"));
  const gone = await conn.sobject("Opportunity").create(deal("Gone"));
  await conn.sobject("Opportunity").destroy(gone.id);
  // Ends are cut to whole minutes, so the window reaches beyond the present one.
  const start = new Date(Date.now() - 10 * 60_000);
  const end = new Date(Date.now() + 2 * 60_000);
  const updated = await conn.sobject("Opportunity").updated(start, end);
  assert.ok(updated.ids.includes(made.id));
  const deleted = await conn.sobject("Opportunity").deleted(start, end);
  assert.ok(deleted.deletedRecords.some((r) => r.id === gone.id));
});

test("limits and the running count of calls", async () => {
  const limits = await conn.limits();
  assert.ok(limits.DailyApiRequests.Remaining < limits.DailyApiRequests.Max);
  assert.ok(conn.limitInfo.apiUsage.used > 0);
});

test("an expired session is renewed once by the client, and the write happens once", async () => {
  const own = new jsforce.Connection({
    instanceUrl: sandbox.url,
    accessToken: conn.accessToken,
    refreshToken: "cosell-sandbox-refresh-token",
    version,
    oauth2: oauth2(),
  });
  await sandbox.control("expire", {});
  const made = await own.sobject("Opportunity").create(deal("After expiry"));
  assert.equal(made.success, true);
  assert.equal(await own.sobject("Opportunity").count({ Name: "After expiry" }), 1);
  conn = await connect();
});

test("errors carry Salesforce's own names", async () => {
  await assert.rejects(conn.query("SELECT Nope FROM Opportunity"), (e) => e.errorCode === "INVALID_FIELD");
  await assert.rejects(conn.query("SELECT FROM"), (e) => e.errorCode === "MALFORMED_QUERY");
  await assert.rejects(conn.query("SELECT Id FROM Nothing"), (e) => e.errorCode === "INVALID_TYPE");
});

test("bulk ingest upserts, and names what failed", async () => {
  await sandbox.set({ bulk_polls: 1 });
  const rows = [
    deal("Bulk 1", { Cosell_Referral_Id__c: "b0000000-0000-4000-8000-000000000001", Amount: "1500.5" }),
    deal("Bulk, \"2\"\nof two", { Cosell_Referral_Id__c: "b0000000-0000-4000-8000-000000000002" }),
    deal("", { Cosell_Referral_Id__c: "b0000000-0000-4000-8000-000000000003" }),
  ];
  const options = { object: "Opportunity", operation: "upsert", externalIdFieldName: "Cosell_Referral_Id__c" };
  const result = await conn.bulk2.loadAndWaitForResults({ ...options, input: rows, pollInterval: 20 });
  assert.equal(result.successfulResults.length, 2);
  assert.ok(result.successfulResults.every((r) => r.sf__Created === "true"));
  assert.equal(result.failedResults.length, 1);
  assert.match(result.failedResults[0].sf__Error, /^REQUIRED_FIELD_MISSING/);
  const read = await conn.query("SELECT Name, Amount FROM Opportunity WHERE Name LIKE 'Bulk%' ORDER BY Name");
  assert.deepEqual(read.records.map((r) => r.Amount), [1500.5, null]);
});

test("a bulk query gives every row once, page by page", async () => {
  conn.bulk2.pollInterval = 20;
  const stream = await conn.bulk2.query("SELECT Id, Name, Account.Name FROM Opportunity");
  const rows = await stream.toArray();
  assert.equal(rows.length, await conn.sobject("Opportunity").count());
  assert.equal(new Set(rows.map((r) => r.Id)).size, rows.length);
  assert.ok(rows.some((r) => r["Account.Name"] !== ""));
});

test("logging out ends the session", async () => {
  const own = await connect();
  const token = own.accessToken;
  await own.logout();
  const again = new jsforce.Connection({ instanceUrl: sandbox.url, accessToken: token, version });
  await assert.rejects(again.query("SELECT Id FROM Opportunity LIMIT 1"), (e) => e.errorCode === "INVALID_SESSION_ID");
});
