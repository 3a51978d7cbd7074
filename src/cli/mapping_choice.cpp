// Choosing between the file and what the store keeps.
#include "cli/mapping_choice.h"

#include "base/json.h"
#include "base/text.h"
#include "cli/workplace.h"
#include "mapping/stored.h"

namespace cosell::cli {

namespace {

const std::string returned_property = "mapping.returned_to";

Result<void> note(store::Store& store, Instant at, const std::string& summary, const json::Value& payload) {
  store::JournalEntry entry;
  entry.at = at;
  entry.kind = store::JournalKind::mapping;
  entry.summary = summary;
  entry.payload = json::canonical(payload);
  return store.journal(entry);
}

Result<std::optional<mapping::Mapping>> last_that_ran(store::Store& store) {
  auto uses = store.mapping_uses(1);
  if (!uses) return uses.error();
  if (uses->empty()) return std::optional<mapping::Mapping>{};
  auto kept = kept_mapping(store, uses->front().hash);
  if (!kept) return kept.error();
  return std::optional<mapping::Mapping>(std::move(*kept));
}

}  // namespace

std::string short_version(const std::string& hash) { return hash.substr(0, 8); }

MappingFile read_mapping_file(const std::string& path) {
  MappingFile file;
  std::string written;
  auto loaded = load_mapping(path, &written);
  file.fingerprint = text::sha256_hex(written);
  if (!loaded) {
    file.refused = loaded.error().message;
    return file;
  }
  file.loaded = std::move(*loaded);
  if (!file.loaded.mapping) file.refused = text::join(errors_of(file.loaded.findings), "\n");
  return file;
}

Result<std::optional<ReturnedTo>> returned_to(store::Store& store) {
  auto stored = store.property(returned_property);
  if (!stored) return stored.error();
  const auto read = json::read(stored->empty() ? "{}" : *stored);
  ReturnedTo out;
  if (read) out.version = read->text_of("version");
  if (out.version.empty()) return std::optional<ReturnedTo>{};
  out.fingerprint = read->text_of("file");
  out.at = parse_instant(read->text_of("at")).value_or(Instant{});
  return std::optional<ReturnedTo>(std::move(out));
}

Result<void> return_to(store::Store& store, const ReturnedTo& what) {
  auto o = json::Value::object();
  o.set("version", json::Value::string(what.version));
  o.set("file", json::Value::string(what.fingerprint));
  o.set("at", json::Value::string(to_string(what.at)));
  if (auto done = store.set_property(returned_property, json::canonical(o)); !done) return done;
  return note(store, what.at,
              "Returned to mapping version " + short_version(what.version) + " until the mapping file is edited", o);
}

Result<void> use_file_again(store::Store& store, const std::string& why, Instant at) {
  if (auto done = store.set_property(returned_property, ""); !done) return done;
  return note(store, at, "The mapping file counts again: " + why, json::Value::object());
}

Result<mapping::Mapping> kept_mapping(store::Store& store, const std::string& version) {
  auto text = store.mapping_text(version);
  if (!text) return text.error();
  auto loaded = mapping::read_stored_mapping(*text);
  if (loaded.mapping) return std::move(*loaded.mapping);
  return make_error(ErrorClass::config, "The mapping version " + short_version(version) +
                                            ", which the store keeps, cannot be read by this version of cosell:\n" +
                                            text::join(errors_of(loaded.findings), "\n") +
                                            "\nEdit the mapping file, which then counts, or return to another version: "
                                            "cosell mapping rollback --to VERSION.");
}

std::string version_now(store::Store& store, const std::string& version) {
  const auto kept = kept_mapping(store, version);
  return kept ? kept->hash() : version;
}

Result<MappingChoice> choose_mapping(MappingFile file, store::Store* store) {
  MappingChoice choice;
  choice.file_findings = std::move(file.loaded.findings);
  choice.refused = std::move(file.refused);
  choice.fingerprint = std::move(file.fingerprint);
  if (file.loaded.mapping) choice.file_version = file.loaded.mapping->hash();
  std::optional<ReturnedTo> returned;
  if (store != nullptr) {
    auto known = returned_to(*store);
    if (!known) return known.error();
    returned = std::move(*known);
  }
  if (returned && (returned->fingerprint == choice.fingerprint || !choice.refused.empty())) {
    auto kept = kept_mapping(*store, returned->version);
    if (!kept) return kept.error();
    choice.from = MappingChoice::From::returned_to;
    choice.mapping = std::move(*kept);
    choice.returned = std::move(returned);
    return choice;
  }
  if (choice.refused.empty()) {
    choice.mapping = std::move(file.loaded.mapping);
    return choice;
  }
  if (store != nullptr) {
    auto kept = last_that_ran(*store);
    if (!kept) return kept.error();
    choice.from = MappingChoice::From::last_that_ran;
    choice.mapping = std::move(*kept);
  }
  if (!choice.mapping) return make_error(ErrorClass::config, choice.refused);
  return choice;
}

}  // namespace cosell::cli
