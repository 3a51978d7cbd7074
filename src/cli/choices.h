// Options that take one of several words: an unknown word is answered with the nearest one and with all that there are,
// never with an empty list. The words themselves belong to the commands.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/session.h"
#include "deal/deal.h"

namespace cosell::cli {

// "There is no kind "confict"; did you mean conflict? There are: failed, …", of class config.
Error no_such(const std::string& what, const std::string& written, const std::vector<std::string>& known);

// --field: a field as people write it ("Close date", close_date).
Result<Field> field_named(const std::string& written);

// By what deals can be chosen.
enum class ChosenBy {
  entry_kind,  // kinds of everything that `todo` lists, or a reason
  deal_kind,   // kinds that a deal can have, or a reason
  reason,
};
// Why `written` chooses nothing, ever; none when it is "" or can. The systems have reasons of their own (a rule, an
// error code): such a word counts when a deal of the pair (""; of any) waits for it or failed with it.
std::optional<Error> cannot_choose(Session& session, const std::string& pair, ChosenBy by, const std::string& written);

}  // namespace cosell::cli
