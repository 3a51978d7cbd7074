// Which mapping of a pair counts: the file as it is now, the one that ran last because the file cannot be used, or an
// earlier one to which a person returned (docs/adr/0009). Files are only read here.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "mapping/mapping.h"
#include "store/store.h"

namespace cosell::cli {

// The mapping file of a pair, read, and why it cannot be used; "" when it can.
struct MappingFile {
  mapping::Loaded loaded;
  std::string refused;
  std::string fingerprint;  // of what people wrote (shipped mappings apart): another one means that it was edited
};
MappingFile read_mapping_file(const std::string& path);

// A person returned to the version with this hash. It counts until the file of then is edited and can be used.
struct ReturnedTo {
  std::string version;
  std::string fingerprint;
  Instant at{};
};
Result<std::optional<ReturnedTo>> returned_to(store::Store& store);
// With a line in the journal. Inside a transaction.
Result<void> return_to(store::Store& store, const ReturnedTo& what);
// The file counts again. Inside a transaction.
Result<void> use_file_again(store::Store& store, const std::string& why, Instant at);

struct MappingChoice {
  enum class From : std::uint8_t { file, last_that_ran, returned_to } from = From::file;
  std::optional<mapping::Mapping> mapping;
  std::vector<mapping::FileFinding> file_findings;  // of the file, also when another mapping counts
  std::string refused;                              // why the file cannot be used; "" when it can
  std::string fingerprint;                          // of the file
  std::string file_version;                         // hash of the file's mapping; "" when it cannot be used
  std::optional<ReturnedTo> returned;
};
// `store`: null when the pair was never synced. Without any usable mapping the error says what is wrong with the file.
Result<MappingChoice> choose_mapping(MappingFile file, store::Store* store);

// The mapping with this hash as the store keeps it.
// As what the version reads now: versions of older programs named the folder of their file, too. One that cannot be
// read stays itself.
std::string version_now(store::Store& store, const std::string& version);
Result<mapping::Mapping> kept_mapping(store::Store& store, const std::string& version);

// "3f2a91c0": how a version is named for people.
std::string short_version(const std::string& hash);

}  // namespace cosell::cli
