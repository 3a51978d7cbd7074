// Creates of opportunities that met a record with their key, which somebody typed there or an earlier create whose
// answer was lost: each is settled as a first link to that record, with what it shows. Writes nothing.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "connectors/connector.h"
#include "connectors/salesforce/salesforce_reads.h"
#include "connectors/salesforce/salesforce_wire.h"

namespace cosell::salesforce {

// Is the refusal of a create about its key? A record that the user may not see is told without its column.
bool is_about_key(const ServerError& refusal, const std::string& key_column);

// Looks once for all creates whose outcome is `precondition` because of their key.
void settle_existing(Call& call, SalesforceReads& reads, std::span<const Operation> operations,
                     std::vector<std::optional<Outcome>>& outcomes);
// Where nothing may be asked any more: each of those creates ends with `error`.
void fail_existing(std::span<const Operation> operations, std::vector<std::optional<Outcome>>& outcomes,
                   const Error& error);

}  // namespace cosell::salesforce
