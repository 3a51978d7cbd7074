// Writes and reads the text of a read position.
#include "connectors/dynamics365/dynamics365_cursor.h"

#include <algorithm>

#include "base/json.h"
#include "base/text.h"

namespace cosell::dynamics365 {
namespace {

constexpr std::int64_t kVersion = 1;
constexpr std::int64_t kPageMost = 5'000;  // rows, as many as the platform puts on one

Error invalid() {
  return make_error(ErrorClass::cursor_invalid,
                    "The kept read position of Dynamics 365 cannot be used; everything is read again and compared.");
}

}  // namespace

std::string shape_of(std::vector<std::string> columns, const Dynamics365Settings& settings) {
  std::sort(columns.begin(), columns.end());
  columns.erase(std::unique(columns.begin(), columns.end()), columns.end());
  std::string stage = settings.stage_column;
  if (stage == kProcessColumn) stage += " " + text::join(settings.processes, ",");
  return text::sha256_hex(text::join(columns, ",") + "|" + settings.key_column + "|" + stage).substr(0, 16);
}

Cursor write_cursor(const ReadPosition& p) {
  json::Value root = json::Value::object();
  root.set("v", json::Value::integer(kVersion));
  root.set("shape", json::Value::string(p.shape));
  root.set("env", json::Value::string(p.environment));
  root.set("link", json::Value::string(p.link));
  root.set("full", json::Value::boolean(p.full_listing));
  if (p.rows_that_fit > 0) root.set("rows_that_fit", json::Value::integer(p.rows_that_fit));
  json::Value& facts = root.set("columns", json::Value::object());
  for (const auto& [column, f] : p.facts) facts.set(column, json::Value::string(to_text(f)));
  if (!p.secured.empty()) {
    json::Value& secured = root.set("secured", json::Value::object());
    for (const auto& [column, id] : p.secured) secured.set(column, json::Value::string(id));
  }
  if (!p.shown_secured.empty()) {
    json::Value& shown = root.set("shown_secured", json::Value::object());
    for (const auto& [id, at] : p.shown_secured) shown.set(id, json::Value::string(to_string(at)));
  }
  if (p.moves.since != Instant{}) {
    root.set("moves_since", json::Value::string(to_string(p.moves.since)));
    json::Value& seen = root.set("moves_seen", json::Value::object());
    for (const auto& [id, version] : p.moves.seen) seen.set(id, json::Value::string(version));
  }
  if (!p.moves.pending.empty()) {
    json::Value& pending = root.set("moves_pending", json::Value::array());
    for (const std::string& id : p.moves.pending) pending.append(json::Value::string(id));
  }
  return Cursor(json::write(root));
}

Result<ReadPosition> read_cursor(const Cursor& cursor) {
  const auto root = json::read(cursor.value);
  if (!root) return invalid();
  const json::Value* version = root->find("v");
  if (version == nullptr || version->as_integer() != kVersion) return invalid();
  ReadPosition p;
  p.shape = root->text_of("shape");
  p.environment = root->text_of("env");
  p.link = root->text_of("link");
  const json::Value* full = root->find("full");
  if (full == nullptr || p.shape.empty() || p.link.empty()) return invalid();
  p.full_listing = full->as_bool();
  if (const json::Value* n = root->find("rows_that_fit")) {
    p.rows_that_fit = static_cast<int>(std::clamp<std::int64_t>(n->as_integer().value_or(0), 0, kPageMost));
  }
  if (const json::Value* since = root->find("moves_since")) {
    const auto at = parse_instant(since->text());
    if (!at) return invalid();
    p.moves.since = *at;
  }
  if (const json::Value* seen = root->find("moves_seen")) {
    for (const json::Member& m : seen->members()) p.moves.seen[m.key] = m.value.text();
  }
  if (const json::Value* secured = root->find("secured")) {
    for (const json::Member& m : secured->members()) p.secured[m.key] = m.value.text();
  }
  if (const json::Value* shown = root->find("shown_secured")) {
    for (const json::Member& m : shown->members())
      p.shown_secured[m.key] = parse_instant(m.value.text()).value_or(Instant{});
  }
  if (const json::Value* pending = root->find("moves_pending")) {
    for (const json::Value& id : pending->items()) p.moves.pending.push_back(id.text());
  }
  if (const json::Value* facts = root->find("columns")) {
    for (const json::Member& m : facts->members()) {
      auto f = facts_from_text(m.value.text());
      if (!f) return invalid();
      p.facts[m.key] = *std::move(f);
    }
  }
  return p;
}

bool same_environment(const std::string& then, const std::string& now) {
  const auto a = text::split(then, '@');
  const auto b = text::split(now, '@');
  if (a.size() != 2 || b.size() != 2) return then == now;
  const bool same_organisation = a[0].empty() || b[0].empty() || a[0] == b[0];
  return same_organisation && a[1] == b[1];
}

}  // namespace cosell::dynamics365
