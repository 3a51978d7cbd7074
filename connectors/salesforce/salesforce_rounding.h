// A number with more decimals than its column holds is rounded by Salesforce, and the answer to the write does not say
// so. Read only later, it would look as if a person had changed it, and the other side would be rounded too.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "connectors/connector.h"
#include "connectors/salesforce/salesforce_client.h"

namespace cosell::salesforce {

// Reads back what may have been rounded, all of it in one request, and notes with the outcomes what is kept. Where the
// read fails, or shows something else, nothing is noted.
void note_rounded(Call& call, SalesforceClient& client, std::span<const Operation> operations,
                  std::vector<std::optional<Outcome>>& outcomes);

}  // namespace cosell::salesforce
