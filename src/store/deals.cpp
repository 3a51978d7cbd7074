// Deals in the store. An update writes only the groups of columns that differ: rewriting an index entry with the same
// value costs as much as a real change, and writing nothing keeps a quiet run quiet.
#include <algorithm>
#include <array>
#include <bitset>
#include <mutex>
#include <tuple>
#include <utility>

#include "base/json_text.h"
#include "base/text.h"
#include "store/names.h"
#include "store/rows.h"
#include "store/sqlite_store_impl.h"

namespace cosell::store {
namespace {

// Columns that change together for an update; each indexed group apart, everything else in `plain`.
enum class Group : std::uint8_t {
  plain,
  images,
  crm_record,
  partner_center_record,
  engagement,
  state,
  dirty,
  look,
  ask
};

struct Column {
  const char* name;
  Group group;
};

// In the order in which `bind_row` binds and `read_row` reads them. The id comes last in statements.
constexpr std::array<Column, 30> kColumns = {{
    {"title", Group::plain},
    {"owner", Group::plain},
    {"owner_email", Group::plain},
    {"engagement_id", Group::engagement},
    {"crm_record_id", Group::crm_record},
    {"crm_version", Group::plain},
    {"crm_existence", Group::plain},
    {"crm_image", Group::images},
    {"crm_base", Group::images},
    {"crm_seen_at", Group::plain},
    {"crm_changed_at", Group::plain},
    {"partner_center_record_id", Group::partner_center_record},
    {"partner_center_version", Group::plain},
    {"partner_center_existence", Group::plain},
    {"partner_center_image", Group::images},
    {"partner_center_base", Group::images},
    {"partner_center_seen_at", Group::plain},
    {"partner_center_changed_at", Group::plain},
    {"microsoft", Group::images},
    {"microsoft_id", Group::plain},
    {"ask_microsoft_at", Group::ask},
    {"state", Group::state},
    {"waits_for", Group::state},
    {"reason", Group::state},
    {"message", Group::plain},
    {"next_step", Group::plain},
    {"since", Group::plain},
    {"look_again_at", Group::look},
    {"dirty", Group::dirty},
    {"marks", Group::plain},
}};

std::string join_columns(const std::function<std::string(std::size_t)>& part) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < kColumns.size(); ++i) {
    if (std::string text = part(i); !text.empty()) parts.push_back(std::move(text));
  }
  return text::join(parts, ", ");
}

const std::string& select_deals() {
  static const std::string sql =
      "SELECT " + join_columns([](std::size_t i) { return std::string(kColumns[i].name); }) + ", id FROM deals ";
  return sql;
}

// A new row gets a number of its own, whatever ?31 says.
const std::string& insert_deal() {
  static const std::string sql =
      "INSERT INTO deals (" + join_columns([](std::size_t i) { return std::string(kColumns[i].name); }) +
      ", id) VALUES (" + join_columns([](std::size_t i) { return "?" + std::to_string(i + 1); }) +
      ", nullif(?31, ?31))";
  return sql;
}

std::string marks_text(const std::map<std::string, std::string>& marks) {
  std::string text = "{";
  for (const auto& [name, value] : marks) {
    if (text.size() > 1) text += ',';
    json::append_string(name, text);
    text += ':';
    json::append_string(value, text);
  }
  return text + '}';
}

std::map<std::string, std::string> marks_from(const std::string& text) {
  if (text == "{}") return {};
  std::map<std::string, std::string> marks;
  const auto read = json::read_each(
      text, [&](json::Member& mark) { marks.emplace_hint(marks.end(), std::move(mark.key), mark.value.take_text()); });
  if (!read || *read != json::Kind::object) {
    throw Refusal{make_error(ErrorClass::store_damaged, "The store holds unreadable marks of a deal.")};
  }
  return marks;
}

// `marks`: as text; an update that leaves them alone needs none.
Query& bind_row(Query& query, const DealRow& row, const std::string& marks) {
  const SideState& crm = row.crm;
  const SideState& pc = row.partner_center;
  return query.with(row.title, row.owner, row.owner_email, row.engagement_id,                                       //
                    TextOrNull{crm.record_id}, crm.version, name_of(crm.existence), crm.image, crm.base,            //
                    crm.seen_at, crm.changed_at,                                                                    //
                    TextOrNull{pc.record_id}, pc.version, name_of(pc.existence), pc.image, pc.base, pc.seen_at,     //
                    pc.changed_at,                                                                                  //
                    row.microsoft, row.microsoft_id, row.ask_microsoft_at,                                          //
                    name_of(row.state), name_of(row.waits_for), row.reason, row.message, row.next_step, row.since,  //
                    row.look_again_at, row.dirty, marks, row.id);
}

SideState read_side(RowReader& reader) {
  SideState side;
  side.record_id = reader.text();
  side.version = reader.text();
  side.existence = reader.choice(existence_from);
  side.image = reader.id<ImageId>();
  side.base = reader.id<ImageId>();
  side.seen_at = reader.time();
  side.changed_at = reader.time();
  return side;
}

DealRow read_row(const Query& query) {
  RowReader reader(query);
  DealRow row;
  row.title = reader.text();
  row.owner = reader.text();
  row.owner_email = reader.text();
  row.engagement_id = reader.text();
  row.crm = read_side(reader);
  row.partner_center = read_side(reader);
  row.microsoft = reader.id<ImageId>();
  row.microsoft_id = reader.text();
  row.ask_microsoft_at = reader.time_if_any();
  row.state = reader.choice(deal_state_from);
  row.waits_for = reader.choice(wait_for_from);
  row.reason = reader.text();
  row.message = reader.text();
  row.next_step = reader.text();
  row.since = reader.time();
  row.look_again_at = reader.time_if_any();
  row.dirty = reader.integer() != 0;
  row.marks = marks_from(reader.text());
  row.id = reader.id<DealId>();
  return row;
}

std::vector<DealRow> read_rows(Query& query) {
  std::vector<DealRow> rows;
  while (query.next()) rows.push_back(read_row(query));
  return rows;
}

bool same_plain(const SideState& a, const SideState& b) {
  return a.version == b.version && a.existence == b.existence && a.seen_at == b.seen_at && a.changed_at == b.changed_at;
}

bool same_in(Group group, const DealRow& a, const DealRow& b) {
  const auto plain = [](const DealRow& r) {
    return std::tie(r.title, r.owner, r.owner_email, r.microsoft_id, r.message, r.next_step, r.since, r.marks);
  };
  const auto images = [](const DealRow& r) {
    return std::tie(r.crm.image, r.crm.base, r.partner_center.image, r.partner_center.base, r.microsoft);
  };
  switch (group) {
    case Group::plain:
      return plain(a) == plain(b) && same_plain(a.crm, b.crm) && same_plain(a.partner_center, b.partner_center);
    case Group::images:
      return images(a) == images(b);
    case Group::crm_record:
      return a.crm.record_id == b.crm.record_id;
    case Group::partner_center_record:
      return a.partner_center.record_id == b.partner_center.record_id;
    case Group::engagement:
      return a.engagement_id == b.engagement_id;
    case Group::state:
      return std::tie(a.state, a.waits_for, a.reason) == std::tie(b.state, b.waits_for, b.reason);
    case Group::dirty:
      return a.dirty == b.dirty;
    case Group::look:
      return a.look_again_at == b.look_again_at;
    case Group::ask:
      return a.ask_microsoft_at == b.ask_microsoft_at;
  }
  return false;
}

using Groups = std::bitset<9>;

Groups groups_that_differ(const DealRow& before, const DealRow& after) {
  Groups differ;
  for (std::size_t g = 0; g < differ.size(); ++g) differ[g] = !same_in(static_cast<Group>(g), before, after);
  return differ;
}

// Made once for each set of groups.
const std::string& update_sql(const Groups& changed) {
  static std::mutex mutex;
  static std::array<std::string, 1U << 9> known;
  const std::lock_guard lock(mutex);
  std::string& sql = known[changed.to_ulong()];
  if (sql.empty()) {
    const std::string assignments = join_columns([&](std::size_t i) {
      const bool wanted = changed[static_cast<std::size_t>(kColumns[i].group)];
      return wanted ? std::string(kColumns[i].name) + " = ?" + std::to_string(i + 1) : std::string();
    });
    sql = "UPDATE deals SET " + assignments + " WHERE id = ?31";
  }
  return sql;
}

Error no_such_deal(DealId id) {
  return make_error(ErrorClass::bug, "Deal " + std::to_string(id.value) + " is not in the store.");
}

}  // namespace

const DealRow& SqliteStore::known(const DealRow& row) {
  // Another process may change what a shared store shows.
  if (parts_.mode != OpenOptions::Mode::shared) known_deals_.keep(row.id.value, row);
  return row;
}

Result<DealId> SqliteStore::add_deal(const DealRow& row) {
  return write([&]() -> Result<DealId> {
    Query insert = query(insert_deal());
    bind_row(insert, row, marks_text(row.marks)).run();
    known_counts_.reset();
    DealRow added = row;
    added.id = DealId(parts_.connection->last_id());
    footing_moves(added.id, Footing{}, footing_of(added));
    return known(added).id;
  });
}

Result<void> SqliteStore::update_deal(const DealRow& row) {
  return write([&]() -> Result<void> {
    if (known_deals_.find(row.id.value) == nullptr) {
      auto stored = deal(row.id);
      if (!stored) return stored.error();
      if (!*stored) return no_such_deal(row.id);
    }
    const DealRow& before = *known_deals_.find(row.id.value);
    const Groups changed = groups_that_differ(before, row);
    if (changed.none()) return {};
    if (!same_footing(before, row)) footing_moves(row.id, footing_of(before), footing_of(row));
    if (changed[static_cast<std::size_t>(Group::state)]) known_counts_.reset();
    Query update = query(update_sql(changed));
    bind_row(update, row, changed[static_cast<std::size_t>(Group::plain)] ? marks_text(row.marks) : "").run();
    known_deals_.keep(row.id.value, row);
    return {};
  });
}

Result<void> SqliteStore::remove_deal(DealId id, DealId into) {
  return write([&]() -> Result<void> {
    auto stays = deal(into);
    if (!stays) return stays.error();
    if (!*stays || into == id) return no_such_deal(into);
    const std::string of_this = " WHERE deal = ?1 AND (state = ";
    query("UPDATE operations SET state = 'dropped', finished_at = planned_at" + of_this + "'planned')").with(id).run();
    query("UPDATE operations SET deal = ?2" + of_this + "'sent' OR state = 'unknown')").with(id, into).run();
    known_deals_.forget(id.value);
    known_counts_.reset();
    if (query("DELETE FROM deals WHERE id = ?1").with(id).run() == 0) return no_such_deal(id);
    const Footing footing = footing_of(**stays);
    untold_.erase(id.value);
    untold_.try_emplace(into.value, Untold{footing, footing, {}}).first->second.merged.push_back(id.value);
    return {};
  });
}

Result<std::optional<DealRow>> SqliteStore::deal(DealId id) {
  if (const DealRow* known = known_deals_.find(id.value)) return std::optional<DealRow>(*known);
  return read([&]() -> Result<std::optional<DealRow>> {
    static const std::string sql = select_deals() + "WHERE id = ?1";
    Query one = query(sql);
    if (!one.with(id).next()) return std::optional<DealRow>();
    return std::optional<DealRow>(known(read_row(one)));
  });
}

Result<std::optional<DealRow>> SqliteStore::deal_by_record(Side side, const std::string& record_id) {
  return read([&]() -> Result<std::optional<DealRow>> {
    static const std::string by_crm = select_deals() + "WHERE crm_record_id = ?1";
    static const std::string by_partner_center = select_deals() + "WHERE partner_center_record_id = ?1";
    Query one = query(side == Side::crm ? by_crm : by_partner_center);
    if (!one.with(TextOrNull{record_id}).next()) return std::optional<DealRow>();
    return std::optional<DealRow>(known(read_row(one)));
  });
}

Result<std::vector<DealRow>> SqliteStore::deals_by_engagement(const std::string& engagement_id) {
  return read([&]() -> Result<std::vector<DealRow>> {
    Query all = query(select_deals() + "WHERE engagement_id = ?1 AND engagement_id <> '' ORDER BY id");
    return read_rows(all.with(engagement_id));
  });
}

Result<std::vector<DealRow>> SqliteStore::deals(const DealFilter& filter) {
  std::string sql = select_deals() + "WHERE id > ?1";
  if (filter.state) sql += " AND state = ?2";
  if (filter.waits_for) sql += " AND waits_for = ?3";
  if (!filter.reason.empty()) sql += " AND reason = ?4";
  if (!filter.owner.empty())
    sql += " AND (lower(owner_email) = lower(?5) OR (?6 <> '' AND instr(folded(owner), ?6) > 0))";
  // A part that is nothing but punctuation folds to nothing; it is then looked for as it stands.
  if (!filter.name_part.empty()) {
    sql += " AND CASE WHEN ?8 = '' THEN instr(title, ?7) ELSE instr(folded(title), ?8) END > 0";
  }
  if (filter.dirty_only) sql += " AND dirty = 1";
  if (!filter.include_skipped) sql += " AND state <> 'skipped'";
  if (filter.out_of_sight) {
    const std::string side = name_of(*filter.out_of_sight);
    sql += " AND " + side + "_existence IN ('unseen', 'out_of_scope')";
    sql += " AND crm_record_id IS NOT NULL AND partner_center_record_id IS NOT NULL";
  }
  sql += " ORDER BY id LIMIT ?9";
  return read([&]() -> Result<std::vector<DealRow>> {
    Query found = query(sql);
    return read_rows(found.with(filter.after.value, filter.state ? name_of(*filter.state) : "",
                                filter.waits_for ? name_of(*filter.waits_for) : "", filter.reason, filter.owner,
                                text::folded(filter.owner), filter.name_part, text::folded(filter.name_part),
                                std::max(filter.limit, 0)));
  });
}

Result<std::vector<DealRow>> SqliteStore::lone_deals(Side side, bool dirty_only, DealId after, int limit) {
  const bool crm = side == Side::crm;
  const std::string index = dirty_only ? "deals_dirty" : crm ? "deals_only_in_crm" : "deals_only_in_partner_center";
  const std::string alone = crm ? "partner_center_record_id IS NULL AND crm_record_id IS NOT NULL"
                                : "crm_record_id IS NULL AND partner_center_record_id IS NOT NULL";
  return read([&]() -> Result<std::vector<DealRow>> {
    Query found = query(select_deals() + "INDEXED BY " + index + " WHERE " + alone + " AND id > ?1" +
                        (dirty_only ? " AND dirty = 1" : "") + " ORDER BY id LIMIT ?2");
    return read_rows(found.with(after.value, std::max(limit, 0)));
  });
}

Result<std::vector<DealRow>> SqliteStore::deals_to_decide(Instant now, DealId after, int limit) {
  // Each heap gives its first `limit` deals by itself; one OR over the three would gather all of them for every page.
  // Left alone, SQLite prefers walking all deals by id to sorting the few that are due.
  return read([&]() -> Result<std::vector<DealRow>> {
    Query due =
        query(select_deals() +
              "WHERE id IN (SELECT * FROM (SELECT id FROM deals WHERE dirty = 1 AND id > ?1 ORDER BY id LIMIT ?3)"
              " UNION SELECT * FROM (SELECT id FROM deals INDEXED BY deals_to_look_again WHERE look_again_at <= ?2 AND "
              "id > ?1 ORDER BY id LIMIT ?3)"
              " UNION SELECT * FROM (SELECT id FROM deals INDEXED BY deals_to_ask_microsoft WHERE ask_microsoft_at <= "
              "?2 AND id > ?1 ORDER BY id LIMIT ?3))"
              " ORDER BY id LIMIT ?3");
    std::vector<DealRow> rows = read_rows(due.with(after.value, now, std::max(limit, 0)));
    for (const DealRow& row : rows) known(row);
    return rows;
  });
}

Result<std::int64_t> SqliteStore::count_deals_to_decide(Instant now) {
  return read([&]() -> Result<std::int64_t> {
    Query counted = query(
        "SELECT (SELECT count(*) FROM deals WHERE dirty = 1)"
        " + (SELECT count(*) FROM deals INDEXED BY deals_to_look_again WHERE look_again_at <= ?1)"
        " + (SELECT count(*) FROM deals INDEXED BY deals_to_ask_microsoft WHERE ask_microsoft_at <= ?1)");
    counted.with(now);
    counted.next();
    return RowReader(counted).integer();
  });
}

Result<std::vector<DealRow>> SqliteStore::deals_to_ask_microsoft(Instant now, DealId after, int limit) {
  return read([&]() -> Result<std::vector<DealRow>> {
    Query due =
        query(select_deals() +
              "INDEXED BY deals_to_ask_microsoft WHERE ask_microsoft_at <= ?2 AND id > ?1 ORDER BY id LIMIT ?3");
    return read_rows(due.with(after.value, now, std::max(limit, 0)));
  });
}

Result<std::vector<StateCount>> SqliteStore::count_deals() {
  return read([&]() -> Result<std::vector<StateCount>> {
    if (known_counts_) return *known_counts_;
    Query counted = query(
        "SELECT state, waits_for, reason, count(*) FROM deals GROUP BY state, waits_for, reason"
        " ORDER BY state, waits_for, reason");
    std::vector<StateCount> counts;
    while (counted.next()) {
      RowReader reader(counted);
      const DealState state = reader.choice(deal_state_from);
      const WaitFor waits_for = reader.choice(wait_for_from);
      std::string reason = reader.text();
      counts.push_back({state, waits_for, std::move(reason), reader.integer()});
    }
    if (parts_.mode != OpenOptions::Mode::shared) known_counts_ = counts;
    return counts;
  });
}

}  // namespace cosell::store
