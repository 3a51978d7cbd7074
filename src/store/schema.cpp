// Runs the embedded SQL. The order of the schema files is the order in which tables refer to each other.
#include "store/schema.h"

#include <array>

#include "store/store_file.h"

namespace cosell::store {

std::string_view embedded_sql(std::string_view file_name);  // generated from sql/

namespace {

constexpr std::array<const char*, 8> kSchemaFiles = {"properties.sql", "runs.sql",    "images.sql",   "deals.sql",
                                                     "operations.sql", "journal.sql", "footings.sql", "inbox.sql"};

constexpr std::array<const char*, 9> kMigrationFiles = {"01-first-shape.sql",
                                                        "02-refusals-in-the-inbox.sql",
                                                        "03-lighter-writes.sql",
                                                        "04-footings.sql",
                                                        "05-hashes-of-what-is-there.sql",
                                                        "06-images-by-difference.sql",
                                                        "07-open-writes-by-side.sql",
                                                        "08-images-by-record.sql",
                                                        "09-what-became-of-an-entry.sql"};

std::string_view sql_of(const char* file) {
  const std::string_view sql = embedded_sql(file);
  if (sql.empty()) throw Refusal{make_error(ErrorClass::bug, std::string("The program lacks its file ") + file + ".")};
  return sql;
}

}  // namespace

std::int64_t newest_version() { return static_cast<std::int64_t>(kMigrationFiles.size()); }

const std::vector<std::string_view>& migrations() {
  static const std::vector<std::string_view> all = [] {
    std::vector<std::string_view> texts;
    texts.reserve(kMigrationFiles.size());
    for (const char* file : kMigrationFiles) texts.push_back(sql_of(file));
    return texts;
  }();
  return all;
}

void create_schema(Connection& connection) {
  for (const char* file : kSchemaFiles) connection.script(sql_of(file));
  connection.script("PRAGMA application_id = " + std::to_string(kApplicationId));
  connection.script("PRAGMA user_version = " + std::to_string(newest_version()));
}

void migrate(Connection& connection, std::int64_t version, const std::vector<std::string_view>& all) {
  // A migration may rebuild a table that others refer to, so references are checked once, at the end. SQLite ignores
  // this switch inside a transaction.
  connection.script("PRAGMA foreign_keys = OFF");
  try {
    connection.script("BEGIN IMMEDIATE");
    for (auto next = static_cast<std::size_t>(version); next < all.size(); ++next) {
      connection.script(all[next]);
      connection.script("PRAGMA user_version = " + std::to_string(next + 1));
    }
    if (!connection.text("PRAGMA foreign_key_check").empty()) {
      throw Refusal{make_error(ErrorClass::store_damaged,
                               "The store cannot be brought up to date: some of its rows refer to others that are "
                               "missing. Nothing was changed. Restore it from a backup (cosell store restore FILE).")};
    }
    connection.script("COMMIT");
  } catch (...) {
    if (connection.in_transaction()) connection.script("ROLLBACK");
    connection.script("PRAGMA foreign_keys = ON");
    throw;
  }
  connection.script("PRAGMA foreign_keys = ON");
}

}  // namespace cosell::store
