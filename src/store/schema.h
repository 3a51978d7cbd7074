// The shape of the store: making the newest one, and bringing older stores up to it, one numbered migration after the
// other in a single transaction. The SQL itself is in sql/.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "store/connection.h"

namespace cosell::store {

// The shape that this program reads and writes ("user_version" of the file).
std::int64_t newest_version();

// The migrations in order; number N leads to version N.
const std::vector<std::string_view>& migrations();

// Fills an empty database with the newest shape and marks it as ours. Inside the caller's transaction.
void create_schema(Connection& connection);

// Applies the migrations after `version`; all or none. Throws SQLite's exceptions and Refusal.
void migrate(Connection& connection, std::int64_t version, const std::vector<std::string_view>& all);

}  // namespace cosell::store
