// A small app on the types that openapi-typescript generates, with openapi-fetch; test_generated_clients.py compiles and runs it.

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Account = components["schemas"]["Account"];
type Transaction = components["schemas"]["TransactionRequest"];

const today = new Date().toISOString().slice(0, 10);
const api = createClient<paths>({
  baseUrl: process.env.SERVER ?? "",
  headers: { Authorization: `Bearer ${process.env.TOKEN ?? ""}` },
});
let calls = 0;

/** Return the body of a successful response. Throw its problem otherwise. */
async function ok<Body>(call: Promise<{ data?: Body; error?: unknown; response: Response }>): Promise<NonNullable<Body>> {
  calls += 1;
  const { data, error, response } = await call;
  if (data == null) throw new Error(`${response.status} ${response.url}: ${JSON.stringify(error)}`);
  return data;
}

async function keepBooks(): Promise<void> {
  const account: Account = await ok(
    api.POST("/api/v1/finance/accounts/", {
      body: { profile_name: "Everyday", profile_type: "checking", currency: "USD", account_number: "000912345678" },
    }),
  );
  const key = { path: { id: account.id } };
  assert.equal((await ok(api.GET("/api/v1/finance/accounts/{id}/", { params: key }))).account_balance, null);
  const body: Transaction = {
    transaction_type: "expense", amount: "-12.30", transaction_date: today, financial_profile: account.id, category: "Eating out", tags: ["work"],
  };
  const header = { "Idempotency-Key": crypto.randomUUID() };
  const lunch = await ok(api.POST("/api/v1/finance/transactions/", { body, params: { header } }));
  const again = await ok(api.POST("/api/v1/finance/transactions/", { body, params: { header } }));
  assert.equal(again.id, lunch.id);
  assert.equal(lunch.created_category?.slug, lunch.category);
  const one = { path: { id: lunch.id } };
  const { response } = await api.GET("/api/v1/finance/transactions/{id}/", { params: one });
  const patched = await ok(
    api.PATCH("/api/v1/finance/transactions/{id}/", {
      params: { ...one, header: { "If-Match": response.headers.get("ETag") ?? "" } },
      body: { note: "with Ada" },
    }),
  );
  assert.equal(patched.note, "with Ada");
  const query = { search: "note:ada type:expense", limit: 10, ordering: "-amount" as const };
  const found = await ok(api.GET("/api/v1/finance/transactions/", { params: { query } }));
  assert.deepEqual(found.results.map((row) => row.id), [lunch.id]);
  const split = await ok(
    api.PATCH("/api/v1/finance/transactions/{id}/", {
      params: one,
      body: { category: "", splits: [{ amount: "-10.00", category: "Food" }, { amount: "-2.30", category: "Tips" }] },
    }),
  );
  assert.equal(split.splits.length, 2);
  const wrong = await api.POST("/api/v1/finance/transactions/", { body: { ...body, amount: "0" } });
  assert.equal(wrong.error?.errors[0]?.attr, "amount");
  const bulk = await ok(
    api.POST("/api/v1/finance/transactions/bulk/", { body: { search: "tag:work", patch: { note: "checked" }, expected_count: 1 } }),
  );
  assert.ok("undo_token" in bulk && bulk.undo_token);
  await ok(api.POST("/api/v1/finance/transactions/bulk/undo/", { body: { undo_token: bulk.undo_token } }));
  const csv = new FormData();
  csv.append("account", account.id);
  csv.append("file", new Blob(["Date,Amount,Description\n2026-03-02,-4.50,Coffee House\n"]), "statement.csv");
  const imported = await ok(
    api.POST("/api/v1/finance/imports/", { body: { account: account.id, file: "" }, bodySerializer: () => csv }),
  );
  assert.ok("created" in imported && imported.created === 1);
  await ok(api.POST("/api/v1/finance/accounts/{id}/reconcile/", { params: key, body: { date: today, balance: "-16.80" } }));
}

async function lookAround(): Promise<void> {
  assert.equal((await ok(api.GET("/api/v1/users/me/"))).is_verified, true);
  for (const path of ["/api/v1/system/alerts/", "/api/v1/billing/plans/", "/api/v1/finance/categories/", "/api/v1/health/goals/"] as const) {
    assert.ok(Array.isArray((await ok(api.GET(path))).results));
  }
  const access = await ok(api.GET("/api/v1/billing/feature-access/explanation/", { params: { query: { feature_name: "data_export" } } }));
  assert.equal(access.feature_name, "data_export");
  const rent = await ok(
    api.POST("/api/v1/finance/expense-due-dates/", {
      body: { expense_name: "Rent", expected_amount: "900.00", due_date: today, frequency: "monthly", currency: "USD" },
    }),
  );
  const paid = await ok(api.POST("/api/v1/finance/expense-due-dates/{id}/pay/", { params: { path: { id: rent.id } }, body: { amount: "900.00" } }));
  assert.equal(paid.last_paid_amount, "900.00");
  const checkin = await ok(api.POST("/api/v1/health/checkins/", { body: { checkin_date: today, mood_score: 7, sleep_hours: "7.5" } }));
  assert.equal(checkin.mood_score, 7);
}

async function followChanges(): Promise<void> {
  let page = await ok(api.GET("/api/v1/changes/", { params: { query: { limit: 200 } } }));
  while (page.has_more) {
    page = await ok(api.GET("/api/v1/changes/", { params: { query: { limit: 200, cursor: page.cursor } } }));
  }
  const tag = await ok(api.POST("/api/v1/finance/tags/", { body: { name: "Rome" } }));
  const { changes } = await ok(api.GET("/api/v1/changes/", { params: { query: { cursor: page.cursor } } }));
  assert.equal(changes.length, 1);
  for (const change of changes) {
    assert.equal(change.type, "tag");
    if (change.type === "tag") assert.deepEqual(change.object?.name, tag.name);
  }
  const some = await ok(api.GET("/api/v1/changes/", { params: { query: { types: ["tag", "account"] } } }));
  assert.ok(some.changes.every((change) => change.type === "tag" || change.type === "account"));
}

await lookAround();
await keepBooks();
await followChanges();
console.log(`${calls} calls`);
