// `cosell mapping rollback`: back to an earlier mapping that ran. The store keeps each one; the file that a person
// wrote stays as it is, and counts again when it is edited (docs/adr/0009).
#include <algorithm>

#include "base/text.h"
#include "cli/chosen_deals.h"
#include "cli/commands.h"
#include "cli/exit.h"
#include "cli/hand_over.h"
#include "cli/inbox.h"
#include "cli/mapping_files.h"
#include "cli/wording.h"
#include "mapping/stored.h"

namespace cosell::cli {

namespace {

constexpr int versions_known = 200;
constexpr std::size_t version_length_min = 4;  // shorter ones are typing mistakes

std::string stretch(const store::MappingUse& use) {
  return "in use " + to_string_minutes(use.first_run_at) + " to " + to_string_minutes(use.last_run_at) + " UTC";
}

Error no_such_version(const std::string& named, const std::vector<store::MappingUse>& uses) {
  std::vector<std::string> known;
  for (const auto& use : uses) {
    const std::string version = short_version(use.hash);
    if (std::find(known.begin(), known.end(), version) == known.end()) known.push_back(version);
  }
  return make_error(ErrorClass::config, "No mapping version \"" + named + "\" ran here" +
                                            (known.empty() ? "." : "; there are: " + text::join(known, ", ") + "."));
}

// The named one, or the newest that is another one than `present`.
Result<store::MappingUse> version_to_return_to(store::Store& store, const std::string& present,
                                               const std::string& named) {
  auto uses = store.mapping_uses(versions_known);
  if (!uses) return uses.error();
  const auto found = std::find_if(uses->begin(), uses->end(), [&](const store::MappingUse& use) {
    if (named.empty()) return version_now(store, use.hash) != present;
    return named.size() >= version_length_min && text::starts_with(use.hash, text::lower_ascii(named));
  });
  if (found != uses->end()) return *found;
  if (!named.empty()) return no_such_version(named, *uses);
  return make_error(ErrorClass::config,
                    "There is no earlier mapping: no other version than " + short_version(present) + " ran here yet.");
}

PairAnswer list_versions(Session& session, Workplace& place) {
  auto uses = place.store().mapping_uses(versions_known);
  if (!uses) return failed(session, &place.config(), uses.error());
  const std::string chosen = place.mapping().hash();
  const std::string& in_file = place.mapping_choice().file_version;
  Table table({"Version", "From", "To", ""});
  json::Value list = json::Value::array();
  for (const store::MappingUse& use : *uses) {
    const std::string now = version_now(place.store(), use.hash);
    std::vector<std::string> is;
    if (now == chosen) is.emplace_back("in use");
    if (now == in_file) is.emplace_back("the file as it is now");
    table.row({short_version(use.hash), to_string_minutes(use.first_run_at), to_string_minutes(use.last_run_at),
               text::join(is, ", ")});
    list.append(Object()
                    .text("version", short_version(use.hash))
                    .text("from", to_string_seconds(use.first_run_at))
                    .text("to", to_string_seconds(use.last_run_at))
                    .flag("in_use", now == chosen)
                    .flag("is_file", now == in_file)
                    .done());
  }
  if (uses->empty()) {
    session.output.line("No mapping ran here yet.");
  } else {
    table.print(session.output);
  }
  PairAnswer answer;
  answer.json.set("versions", std::move(list));
  return answer;
}

// The earlier file beside the present one, for a person to compare and to take over.
PairAnswer save_version(Session& session, Workplace& place, const store::MappingUse& use, const std::string& out) {
  auto kept = place.store().mapping_text(use.hash);
  if (!kept) return failed(session, &place.config(), kept.error());
  const mapping::StoredFile file = mapping::stored_file(*kept);
  if (auto done = write_new_file(out, file.text); !done) return failed(session, &place.config(), done.error());
  session.output.line("Saved the file of mapping version " + short_version(use.hash) + " (" + stretch(use) + ") as " +
                      out + ". What counts did not change.");
  session.output.line("What differs: cosell mapping diff " + place.config().mapping + " " + out + " --against-store");
  PairAnswer answer;
  answer.json = Object().text("version", short_version(use.hash)).text("saved", out).done();
  return answer;
}

PairAnswer rollback_pair(Session& session, const PairConfig& config, const MappingRollbackOptions& options) {
  auto made =
      Workplace::make(session, config, Workplace::Login::not_needed, Workplace::MappingUsed::own_told_by_command);
  if (!made) return failed(session, &config, made.error());
  Workplace& place = **made;
  const bool only_looks = options.list || !options.out.empty();
  Result<bool> own = true;
  if (only_looks) {
    if (auto opened = place.open_store(StoreMode::shared, false); !opened)
      return failed(session, &config, opened.error());
  } else {
    own = open_or_share(place);
  }
  if (!own) return failed(session, &config, own.error());
  if (options.list) return list_versions(session, place);
  auto use = version_to_return_to(place.store(), place.mapping().hash(), options.version);
  if (!use) return failed(session, &config, use.error());
  if (!options.out.empty()) return save_version(session, place, *use, options.out);
  const std::string rollback = "mapping-rollback";
  const json::Value arguments = Object().text("version", use->hash).done();
  if (!*own) return hand_over(session, place, rollback, arguments, 0);
  auto told = carry_out(place, rollback, arguments);
  if (!told) return failed(session, &config, told.error());
  for (const std::string& line : text::split(told->text, '\n')) session.output.line(line);
  session.output.line("Look first: cosell plan. The earlier file, to compare: cosell mapping rollback --to " +
                      short_version(use->hash) + " --out FILE");
  PairAnswer answer;
  answer.json = std::move(told->report);
  return answer;
}

}  // namespace

Result<std::string> return_to_mapping(Workplace& place, const std::string& version) {
  store::Store& store = place.store();
  // Read before it counts: what this version of cosell cannot read would stop the pair.
  const auto kept = kept_mapping(store, version);
  if (!kept) return kept.error();
  const std::string name = "Mapping version " + short_version(version);
  const MappingChoice& choice = place.mapping_choice();
  const std::string file = place.config().mapping;
  const bool is_file = choice.file_version == kept->hash();
  if (kept->hash() == place.mapping().hash()) return name + " is the one in use already.";
  auto done = store.transaction([&]() -> Result<void> {
    const Instant now = place.pair().clock->now();
    if (is_file) return use_file_again(store, "a person returned to it", now);
    return return_to(store, {version, choice.fingerprint, now});
  });
  if (!done) return done.error();
  if (auto read = place.reread_mapping(); !read) return read.error();
  if (is_file) return name + " counts from the next sync on: the file as it is now.";
  return name + " counts from the next sync on, until " + file + " is edited. That file stays as it is.";
}

int mapping_rollback_command(Session& session, const MappingRollbackOptions& options) {
  if (options.list && (!options.out.empty() || !options.version.empty())) {
    return failed(session, nullptr,
                  make_error(ErrorClass::config, "--list shows what there is: leave out --to and --out."))
        .code;
  }
  if (options.pair.empty() && session.config.pairs.size() > 1 && !options.list) {
    return failed(session, nullptr,
                  make_error(ErrorClass::config, "There are several pairs; say whose mapping: " +
                                                     text::join(session.config.names(), ", ") + "."))
        .code;
  }
  return for_each_pair(session, options.pair,
                       [&](const PairConfig& config) { return rollback_pair(session, config, options); });
}

}  // namespace cosell::cli
