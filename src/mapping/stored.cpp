// Taking the kept text apart. A comment in a file may look like the line that names the next one, so the first cut is
// tried at which the part before it is a whole file that extends what the line names.
#include "mapping/stored.h"

#include "base/json.h"
#include "base/text.h"

namespace cosell::mapping {

namespace {

const std::string marker = "// ";

std::string extended_by(const std::string& file) {
  json::ReadOptions options;
  options.comments = true;
  const auto parsed = json::read(file, options);
  return parsed ? parsed->text_of("extends") : "";
}

// The file that begins at `from`; what it extends begins at `next`.
struct Part {
  std::string name;
  std::string file;
  std::size_t next = std::string::npos;
};

Part part_at(const std::string& text, std::size_t from) {
  Part part;
  const auto line_end = std::min(text.find('\n', from), text.size());
  if (text.compare(from, marker.size(), marker) != 0) return part;
  part.name = text.substr(from + marker.size(), line_end - from - marker.size());
  const std::size_t begin = std::min(line_end + 1, text.size());
  for (auto cut = text.find("\n" + marker, begin); cut != std::string::npos; cut = text.find("\n" + marker, cut + 1)) {
    const std::string file = text.substr(begin, cut + 1 - begin);
    const auto end_of_name = std::min(text.find('\n', cut + 1), text.size());
    const std::string name = text.substr(cut + 1 + marker.size(), end_of_name - cut - 1 - marker.size());
    if (name.empty() || extended_by(file) != name) continue;
    part.file = file;
    part.next = cut + 1;
    return part;
  }
  part.file = text.substr(begin);
  return part;
}

}  // namespace

Loaded read_stored_mapping(const std::string& text) {
  const Part first = part_at(text, 0);
  std::size_t next = first.next;
  return read_mapping(first.name, first.file, [&](const std::string& name) -> Result<std::string> {
    if (next == std::string::npos) return make_error(ErrorClass::config, "The kept mapping lacks " + name + ".");
    const Part part = part_at(text, next);
    next = part.next;
    return part.file;
  });
}

StoredFile stored_file(const std::string& text) {
  Part first = part_at(text, 0);
  return {std::move(first.name), std::move(first.file)};
}

}  // namespace cosell::mapping
