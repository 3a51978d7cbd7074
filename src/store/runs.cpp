// Everything in the store that concerns the pair as a whole: properties, runs with their mapping texts, read
// positions, images, and the inbox.
#include <algorithm>

#include "base/text.h"
#include "store/digest.h"
#include "store/names.h"
#include "store/opening.h"
#include "store/rows.h"
#include "store/sqlite_store_impl.h"

namespace cosell::store {
namespace {

Error misuse(const std::string& message) { return make_error(ErrorClass::bug, message); }

const std::string kInboxColumns =
    "SELECT id, at, command, arguments, begun_at, done_at, answer, refused, exit_code, report FROM inbox";

std::vector<InboxItem> inbox_items(Query& found) {
  std::vector<InboxItem> items;
  while (found.next()) {
    RowReader reader(found);
    InboxItem item;
    item.id = reader.integer();
    item.at = reader.time();
    item.command = reader.text();
    item.arguments = reader.text();
    item.begun_at = reader.time_if_any();
    item.done_at = reader.time_if_any();
    item.answer.text = reader.text();
    item.answer.refused = reader.integer() != 0;
    item.answer.exit_code = static_cast<int>(reader.integer());
    item.answer.report = reader.text();
    items.push_back(std::move(item));
  }
  return items;
}

const std::string kRunColumns =
    "SELECT r.id, r.command, r.started_at, r.finished_at, r.outcome, m.hash, r.note, r.figures FROM runs AS r"
    " LEFT JOIN mapping_texts AS m ON m.id = r.mapping";

std::vector<RunRow> run_rows(Query& found) {
  std::vector<RunRow> rows;
  while (found.next()) {
    RowReader reader(found);
    RunRow row;
    row.id = reader.id<RunId>();
    row.command = reader.text();
    row.started_at = reader.time();
    row.finished_at = reader.time_if_any();
    row.outcome = reader.text();
    row.mapping_hash = reader.text();
    row.note = reader.text();
    row.figures = reader.text();
    rows.push_back(std::move(row));
  }
  return rows;
}

// What of `columns` is not in `before`; nothing when that does not say it all, or not in much less.
std::optional<Columns> difference_from(const Columns& before, const Columns& columns) {
  const auto gone = [&](const auto& one) { return columns.count(one.first) == 0; };
  if (std::any_of(before.begin(), before.end(), gone)) return std::nullopt;
  Columns difference;
  for (const auto& one : columns) {
    const auto known = before.find(one.first);
    if (known == before.end() || known->second != one.second) difference.append(one.first, one.second);
  }
  if (difference.size() * 2 > columns.size()) return std::nullopt;
  return difference;
}

}  // namespace

Result<std::string> SqliteStore::property(const std::string& name) {
  return read([&]() -> Result<std::string> {
    Query found = query("SELECT value FROM properties WHERE name = ?");
    return found.with(name).next() ? found.text(0) : std::string();
  });
}

Result<void> SqliteStore::set_property(const std::string& name, const std::string& value) {
  return write([&]() -> Result<void> {
    if (text::starts_with(name, "store:")) return misuse("The property " + name + " belongs to the store itself.");
    query(
        "INSERT INTO properties (name, value) VALUES (?1, ?2)"
        " ON CONFLICT (name) DO UPDATE SET value = ?2 WHERE value <> ?2")
        .with(name, value)
        .run();
    return {};
  });
}

// Texts that runs worked with are kept once per content. Invalid: no text.
Result<StrongInt<RunRow>> SqliteStore::keep_text(const std::string& text, const std::string& hash) {
  StrongInt<RunRow> id;
  if (hash.empty()) return id;
  query("INSERT OR IGNORE INTO mapping_texts (hash, text) VALUES (?, ?)").with(hash, text).run();
  Query stored = query("SELECT id, text = ?2 FROM mapping_texts WHERE hash = ?1");
  stored.with(hash, text).next();
  id.value = stored.integer(0);
  if (stored.integer(1) == 0) {
    return damage_found(parts_.path, "the mapping or the settings " + hash + " are not as they were written");
  }
  return id;
}

Result<RunId> SqliteStore::start_run(const std::string& command, Instant at, const std::string& mapping_text,
                                     const std::string& mapping_hash, const std::string& settings_text) {
  return write([&]() -> Result<RunId> {
    auto mapping = keep_text(mapping_text, mapping_hash);
    if (!mapping) return mapping.error();
    auto settings = keep_text(settings_text, settings_text.empty() ? "" : text::sha256_hex(settings_text));
    if (!settings) return settings.error();
    query("INSERT INTO runs (command, started_at, mapping, settings) VALUES (?, ?, ?, ?)")
        .with(command, at, *mapping, *settings)
        .run();
    now_ = at;
    run_ = RunId(parts_.connection->last_id());
    return run_;
  });
}

Result<void> SqliteStore::finish_run(RunId run, Instant at, const std::string& outcome, const std::string& note,
                                     const std::string& figures) {
  return write([&]() -> Result<void> {
    const int changed = query("UPDATE runs SET finished_at = ?2, outcome = ?3, note = ?4, figures = ?5 WHERE id = ?1")
                            .with(run, at, outcome, note, figures)
                            .run();
    if (changed == 0) return misuse("Run " + std::to_string(run.value) + " is not in the store.");
    run_ = RunId{};
    return {};
  });
}

Result<std::vector<RunRow>> SqliteStore::runs(int newest, Instant since) {
  return read([&]() -> Result<std::vector<RunRow>> {
    Query found = query(kRunColumns + " WHERE r.started_at >= ? ORDER BY r.id DESC LIMIT ?");
    return run_rows(found.with(since, std::max(newest, 0)));
  });
}

Result<std::optional<RunRow>> SqliteStore::last_good_run() {
  return read([&]() -> Result<std::optional<RunRow>> {
    Query found =
        query(kRunColumns +
              " WHERE r.command IN ('sync', 'run') AND r.outcome IN ('ok', 'failures') AND r.finished_at IS NOT NULL"
              " ORDER BY r.id DESC LIMIT 1");
    auto rows = run_rows(found);
    return rows.empty() ? std::optional<RunRow>() : std::move(rows.front());
  });
}

Result<std::vector<MappingUse>> SqliteStore::mapping_uses(int newest) {
  return read([&]() -> Result<std::vector<MappingUse>> {
    // Runs in a row have the same difference between their place among all and their place among those of their
    // mapping.
    Query found = query(
        "SELECT m.hash, MIN(u.started_at), MAX(u.started_at) FROM (SELECT id, mapping, started_at,"
        " ROW_NUMBER() OVER (ORDER BY id) - ROW_NUMBER() OVER (PARTITION BY mapping ORDER BY id) AS stretch"
        " FROM runs WHERE mapping IS NOT NULL) AS u JOIN mapping_texts AS m ON m.id = u.mapping"
        " GROUP BY u.mapping, u.stretch ORDER BY MAX(u.id) DESC LIMIT ?");
    found.with(std::max(newest, 0));
    std::vector<MappingUse> uses;
    while (found.next()) {
      RowReader reader(found);
      MappingUse use;
      use.hash = reader.text();
      use.first_run_at = reader.time();
      use.last_run_at = reader.time();
      uses.push_back(std::move(use));
    }
    return uses;
  });
}

Result<std::string> SqliteStore::mapping_text(const std::string& hash) {
  return read([&]() -> Result<std::string> {
    Query found = query("SELECT text FROM mapping_texts WHERE hash = ?");
    if (found.with(hash).next()) return found.text(0);
    return make_error(ErrorClass::not_found, "The store keeps no mapping " + hash + ".");
  });
}

Result<Cursor> SqliteStore::cursor(Side side) {
  return read([&]() -> Result<Cursor> {
    Query found = query("SELECT cursor FROM cursors WHERE side = ?");
    return found.with(name_of(side)).next() ? Cursor(found.text(0)) : Cursor();
  });
}

Result<void> SqliteStore::set_cursor(Side side, const Cursor& cursor) {
  return write([&]() -> Result<void> {
    query(
        "INSERT INTO cursors (side, cursor) VALUES (?1, ?2)"
        " ON CONFLICT (side) DO UPDATE SET cursor = ?2 WHERE cursor <> ?2")
        .with(name_of(side), cursor.value)
        .run();
    return {};
  });
}

Result<ImageId> SqliteStore::put_image(const Columns& columns, ImageId before) {
  return write([&]() -> Result<ImageId> {
    if (const Columns* known = known_images_.find(before.value); known != nullptr && *known == columns) return before;
    const ImageTexts encoded = encode_parts(columns);
    const std::string hash = sha256_bytes(encoded.whole);
    ImageId whole;
    if (before.valid()) {
      Query found = query("SELECT hash, coalesce(differs_from, id) FROM images WHERE id = ?");
      if (found.with(before).next()) {
        if (found.text(0) == hash) return before;
        whole = ImageId(found.integer(1));
      }
    }
    std::optional<Columns> difference;
    if (whole.valid()) {
      auto known = image(whole);
      if (!known) return known.error();
      difference = difference_from(*known, columns);
    }
    if (difference) {
      query("INSERT INTO images (hash, columns, differs_from) VALUES (?, ?, ?)")
          .with(Blob{hash}, encode(*difference), whole)
          .run();
    } else {
      query("INSERT INTO images (hash, shape, columns) VALUES (?, ?, ?)")
          .with(Blob{hash}, put_shape(encoded.names), encoded.values)
          .run();
    }
    const ImageId id(parts_.connection->last_id());
    known_images_.keep(id.value, columns);
    return id;
  });
}

std::int64_t SqliteStore::put_shape(const std::string& names) {
  if (names == last_shape_.first && last_shape_.second != 0) return last_shape_.second;
  {
    Query same = query("SELECT id FROM image_shapes WHERE names = ?");
    if (same.with(names).next()) {
      last_shape_ = {names, same.integer(0)};
      return last_shape_.second;
    }
  }
  query("INSERT INTO image_shapes (names) VALUES (?)").with(names).run();
  last_shape_ = {names, parts_.connection->last_id()};
  return last_shape_.second;
}

const std::vector<std::string>& SqliteStore::names_of_shape(std::int64_t id) {
  // Another process may have pruned the store that is only looked at.
  if (parts_.mode == OpenOptions::Mode::shared) known_shapes_.clear();
  const auto known = known_shapes_.find(id);
  if (known != known_shapes_.end()) return known->second;
  Query found = query("SELECT names FROM image_shapes WHERE id = ?");
  if (!found.with(id).next()) {
    throw Refusal{make_error(ErrorClass::store_damaged, "The store lacks the names of an image's columns.")};
  }
  auto names = decode_names(found.text(0));
  if (!names) throw Refusal{names.error()};
  if (known_shapes_.size() >= 1'000) known_shapes_.clear();
  return known_shapes_.emplace(id, std::move(*names)).first->second;
}

void SqliteStore::forget_known() {
  known_deals_.clear();
  known_counts_.reset();
  known_images_.clear();
  known_frozen_.clear();
  known_shapes_.clear();
  last_shape_ = {};
}

Result<Columns> SqliteStore::image(ImageId id) {
  return read([&]() -> Result<Columns> {
    if (const Columns* known = known_images_.find(id.value)) return *known;
    ImageId whole;
    Result<Columns> columns = Columns{};
    {
      Query found = query("SELECT columns, shape, differs_from FROM images WHERE id = ?");
      if (!found.with(id).next()) return misuse("Image " + std::to_string(id.value) + " is not in the store.");
      columns = found.is_null(1) ? decode_columns(found.text(0))
                                 : decode_values(names_of_shape(found.integer(1)), found.text(0));
      whole = ImageId(found.integer(2));
    }
    if (!columns) return columns.error();
    if (whole.valid()) {
      auto rest = image(whole);
      if (!rest) return rest.error();
      columns->add_missing(*rest);
    }
    if (parts_.mode != OpenOptions::Mode::shared) known_images_.keep(id.value, *columns);
    return columns;
  });
}

Result<std::int64_t> SqliteStore::add_to_inbox(const std::string& command, const std::string& arguments, Instant at) {
  return write_inbox([&]() -> Result<std::int64_t> {
    query("INSERT INTO inbox (at, command, arguments) VALUES (?, ?, ?)").with(at, command, arguments).run();
    return parts_.connection->last_id();
  });
}

Result<std::vector<InboxItem>> SqliteStore::open_inbox() {
  return read([&]() -> Result<std::vector<InboxItem>> {
    Query found = query(kInboxColumns + " WHERE done_at IS NULL ORDER BY id");
    return inbox_items(found);
  });
}

Result<std::vector<InboxItem>> SqliteStore::recent_inbox(int newest) {
  return read([&]() -> Result<std::vector<InboxItem>> {
    Query found = query(kInboxColumns + " ORDER BY id DESC LIMIT ?");
    return inbox_items(found.with(std::max(newest, 0)));
  });
}

Result<std::optional<InboxItem>> SqliteStore::inbox_item(std::int64_t id) {
  return read([&]() -> Result<std::optional<InboxItem>> {
    Query found = query(kInboxColumns + " WHERE id = ?");
    auto items = inbox_items(found.with(id));
    return items.empty() ? std::optional<InboxItem>() : std::move(items.front());
  });
}

Result<bool> SqliteStore::begin_inbox(std::int64_t id, Instant at) {
  return write([&]() -> Result<bool> {
    return query("UPDATE inbox SET begun_at = ?2 WHERE id = ?1 AND done_at IS NULL").with(id, at).run() > 0;
  });
}

Result<void> SqliteStore::answer_inbox(std::int64_t id, const InboxAnswer& answer, Instant at) {
  return write([&]() -> Result<void> {
    const int changed = query(
                            "UPDATE inbox SET done_at = ?2, answer = ?3, refused = ?4, exit_code = ?5, report = ?6"
                            " WHERE id = ?1 AND done_at IS NULL")
                            .with(id, at, answer.text, answer.refused, answer.exit_code, answer.report)
                            .run();
    if (changed == 0) return misuse("Inbox entry " + std::to_string(id) + " is not waiting for an answer.");
    return {};
  });
}

Result<bool> SqliteStore::withdraw_from_inbox(std::int64_t id, const InboxAnswer& answer, Instant at) {
  return write_inbox([&]() -> Result<bool> {
    {
      Query open = query("SELECT 1 FROM inbox WHERE id = ? AND begun_at IS NULL AND done_at IS NULL");
      if (!open.with(id).next()) return false;
    }
    if (auto answered = answer_inbox(id, answer, at); !answered) return answered.error();
    return true;
  });
}

Result<std::int64_t> SqliteStore::stored_by_others() {
  return read([&]() -> Result<std::int64_t> { return parts_.connection->integer("PRAGMA data_version"); });
}

}  // namespace cosell::store
