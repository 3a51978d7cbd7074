// The note counts for the holder of the store that left it: one of a service that was killed says nothing.
#include "cli/service_note.h"

#include <filesystem>

#include "base/text.h"
#include "store/file_lock.h"

namespace cosell::cli {

namespace {

const std::string service_property = "service";

}  // namespace

Result<void> leave_service_note(Workplace& place, const Config& config) {
  std::error_code failed;
  const std::string file = std::filesystem::absolute(config.file, failed).string();
  const json::Value note = Object()
                               .text("holder", store::FileLock::holder(place.config().store).value_or(""))
                               .text("file", failed ? config.file : file)
                               .text("fingerprint", config.fingerprint)
                               .done();
  return place.store().transaction([&] { return place.store().set_property(service_property, json::canonical(note)); });
}

Result<std::optional<ServiceNote>> running_service(Workplace& place) {
  const auto holder = store::FileLock::holder(place.config().store);
  if (!holder) return std::optional<ServiceNote>();
  auto stored = place.store().property(service_property);
  if (!stored) return stored.error();
  const auto note = json::read(stored->empty() ? "{}" : *stored);
  if (!note || note->text_of("holder") != *holder) return std::optional<ServiceNote>();
  return std::optional<ServiceNote>({note->text_of("file"), note->text_of("fingerprint")});
}

Result<bool> is_configuration_changed(Workplace& place) {
  const auto service = running_service(place);
  if (!service) return service.error();
  if (!*service) return false;
  const auto text = read_text_file((*service)->file);
  return text && text::sha256_hex(*text) != (*service)->fingerprint;
}

}  // namespace cosell::cli
