// One list over the stores of several pairs.
#include "cli/look_at_stores.h"

#include "cli/exit.h"

namespace cosell::cli {

json::Value LookedAt::with_failures(json::Value list) const {
  if (!failures.items().empty()) list.set("failures", failures);
  return list;
}

LookedAt look_at_stores(Session& session, const std::string& pair,
                        const std::function<Result<void>(Workplace&)>& look) {
  LookedAt looked;
  for (const PairConfig& config : session.config.pairs) {
    if (!pair.empty() && config.name != pair) continue;
    auto made = Workplace::make(session, config, Workplace::Login::not_needed);
    Result<void> done = made ? (*made)->open_store(StoreMode::shared, false) : Result<void>(made.error());
    if (!done && done.error().kind == ErrorClass::not_found) {
      session.output.note(config.name + ": never synced yet. Begin with: cosell check, then cosell plan");
      continue;
    }
    if (done) done = look(**made);
    if (done) {
      looked.any = true;
      continue;
    }
    const PairAnswer answer = failed(session, &config, done.error());
    looked.code = worse(looked.code, answer.code);
    looked.failures.append(Object().text("pair", config.name).value("error", json_of(done.error())).done());
  }
  return looked;
}

}  // namespace cosell::cli
