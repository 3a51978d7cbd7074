// Reading and writing the files of the mapping commands.
#include "cli/mapping_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/text.h"
#include "cli/exit.h"

namespace cosell::cli {

namespace {

json::Value stage_json(const StageEntry& s) {
  Object o;
  o.text("id", s.id).text("label", s.label).flag("active", s.active).flag("closed", s.closed).flag("won", s.won);
  o.number("position", s.position);
  if (s.probability) o.number("probability", *s.probability);
  if (s.first) o.flag("first", true);
  return o.done();
}

json::Value names_json(const std::vector<std::string>& names) {
  json::Value list = json::Value::array();
  for (const std::string& name : names) list.append(json::Value::string(name));
  return list;
}

json::Value column_json(const ColumnInfo& c) {
  return Object()
      .text("name", c.name)
      .text("label", c.label)
      .text("type", c.type)
      .number("length", c.length)
      .flag("writable", c.writable)
      .flag("required", c.required)
      .value("values", names_json(c.values))
      .done();
}

json::Value record_type_json(const RecordTypeEntry& type) {
  Object known_by;
  for (const auto& [column, value] : type.known_by) known_by.text(column, value);
  return Object()
      .text("name", type.name)
      .text("label", type.label)
      .text("column", type.column)
      .value("known_by", known_by.done())
      .value("stages", names_json(type.stages))
      .done();
}

RecordTypeEntry record_type_from(const json::Value& v) {
  RecordTypeEntry type;
  type.name = v.text_of("name");
  type.label = v.text_of("label");
  type.column = v.text_of("column");
  if (const json::Value* known_by = v.find("known_by")) {
    for (const json::Member& m : known_by->members()) type.known_by[m.key] = m.value.text();
  }
  if (const json::Value* stages = v.find("stages")) {
    for (const json::Value& one : stages->items()) type.stages.push_back(one.text());
  }
  return type;
}

bool flag_of(const json::Value& object, const char* name) {
  const json::Value* v = object.find(name);
  return v != nullptr && v->as_bool();
}

int number_of(const json::Value& object, const char* name) {
  const json::Value* v = object.find(name);
  const auto n = v == nullptr ? std::nullopt : v->as_integer();
  return n ? static_cast<int>(*n) : 0;
}

StageEntry stage_from(const json::Value& v) {
  StageEntry s;
  s.id = v.text_of("id");
  s.label = v.text_of("label");
  s.active = flag_of(v, "active");
  s.closed = flag_of(v, "closed");
  s.won = flag_of(v, "won");
  s.first = flag_of(v, "first");
  s.position = number_of(v, "position");
  if (v.find("probability") != nullptr) s.probability = number_of(v, "probability");
  return s;
}

ColumnInfo column_from(const json::Value& v) {
  ColumnInfo c;
  c.name = v.text_of("name");
  c.label = v.text_of("label");
  c.type = v.text_of("type");
  c.length = number_of(v, "length");
  c.writable = flag_of(v, "writable");
  c.required = flag_of(v, "required");
  if (const json::Value* values = v.find("values")) {
    for (const json::Value& one : values->items()) c.values.push_back(one.text());
  }
  return c;
}

}  // namespace

Result<mapping::Mapping> usable_mapping(const std::string& file) {
  auto loaded = load_mapping(file);
  if (!loaded) return loaded.error();
  if (loaded->mapping) return std::move(*loaded->mapping);
  return make_error(ErrorClass::config, text::join(errors_of(loaded->findings), "\n"));
}

int for_each_mapping(Output& output, const std::string& config, const std::string& file, const std::string& pair,
                     const WithMapping& work) {
  Session session(output);
  if (!file.empty()) {
    const PairAnswer answer = work(session, nullptr, file);
    if (output.options().json && !answer.json.members().empty()) output.json(answer.json);
    return answer.code;
  }
  if (const auto wrong = session.start(config)) return *wrong;
  return for_each_pair(session, pair, [&](const PairConfig& one) { return work(session, &one, one.mapping); });
}

Result<Descriptor> ask_crm(Session& session, const PairConfig& config, Workplace::MappingUsed used) {
  auto place = Workplace::make(session, config, Workplace::Login::needed, used);
  if (!place) return place.error();
  return describe_with_record_types((*place)->pair(), store::Side::crm);
}

std::string write_snapshot(const Snapshot& snapshot) {
  json::Value stages = json::Value::array();
  for (const StageEntry& s : snapshot.described.stages) stages.append(stage_json(s));
  json::Value columns = json::Value::array();
  for (const ColumnInfo& c : snapshot.described.columns) columns.append(column_json(c));
  json::Value types = json::Value::array();
  for (const RecordTypeEntry& t : snapshot.described.record_types) types.append(record_type_json(t));
  return json::write_pretty(Object()
                                .text("cosell", "mapping snapshot")
                                .text("system", snapshot.system)
                                .text("taken_at", snapshot.taken_at)
                                .text("title", snapshot.described.title)
                                .text("environment", snapshot.described.environment)
                                .value("stages", std::move(stages))
                                .value("record_types", std::move(types))
                                .value("columns", std::move(columns))
                                .done()) +
         "\n";
}

Result<Snapshot> read_snapshot(const std::string& file) {
  auto text = read_text_file(file);
  if (!text) return make_error(ErrorClass::config, "The snapshot cannot be read: " + text.error().message);
  const auto root = json::read(*text);
  if (!root) {
    return make_error(ErrorClass::config, file + ":" + std::to_string(root.error().at.line) + ":" +
                                              std::to_string(root.error().at.column) + ": " + root.error().message);
  }
  if (root->text_of("cosell") != "mapping snapshot") {
    return make_error(ErrorClass::config,
                      file + " is no snapshot of a CRM; make one with: cosell mapping snapshot --out " + file);
  }
  Snapshot snapshot;
  snapshot.system = root->text_of("system");
  snapshot.taken_at = root->text_of("taken_at");
  snapshot.described.title = root->text_of("title");
  snapshot.described.environment = root->text_of("environment");
  if (const json::Value* stages = root->find("stages")) {
    for (const json::Value& s : stages->items()) snapshot.described.stages.push_back(stage_from(s));
  }
  if (const json::Value* columns = root->find("columns")) {
    for (const json::Value& c : columns->items()) snapshot.described.columns.push_back(column_from(c));
  }
  if (const json::Value* types = root->find("record_types")) {
    for (const json::Value& t : types->items()) snapshot.described.record_types.push_back(record_type_from(t));
  }
  return snapshot;
}

Result<void> write_new_file(const std::string& file, const std::string& text, unsigned mode) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) {
    const std::string why = errno == EEXIST ? "it is there already, and a file of yours is never overwritten"
                                            : std::string(std::strerror(errno));
    return make_error(ErrorClass::config, file + " cannot be written: " + why + ".");
  }
  std::size_t done = 0;
  int failed = 0;
  while (done < text.size() && failed == 0) {
    const ssize_t n = ::write(fd, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) failed = errno;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  if (failed == 0 && ::fsync(fd) != 0) failed = errno;
  if (::close(fd) != 0 && failed == 0) failed = errno;
  if (failed == 0) return {};
  ::unlink(file.c_str());  // half a file would only stand in the way of the next try
  return make_error(ErrorClass::config, file + " cannot be written: " + std::strerror(failed) + ".");
}

}  // namespace cosell::cli
