// The file is { "learned_at": …, "record": …, "settings": { … } }.
#include "cli/learned.h"

#include <filesystem>

#include "base/for_owner.h"
#include "base/text.h"
#include "cli/config.h"

namespace cosell::cli {

namespace {

namespace fs = std::filesystem;

Error damaged(const std::string& file) {
  return make_error(ErrorClass::config, file + " is damaged. Delete it; `cosell check --pilot` can learn it again.");
}

}  // namespace

std::string learned_file(const std::string& store) {
  fs::path path(store);
  path.replace_extension(".partner-center.json");
  return path.string();
}

Result<json::Value> with_learned(const json::Value& part, const std::string& store) {
  const std::string file = learned_file(store);
  std::error_code none;
  if (!part.is_object() || !fs::exists(file, none)) return part;
  const auto text = read_text_file(file);
  if (!text) return text.error();
  const auto saved = json::read(*text);
  const json::Value* learnt = saved ? saved->find("settings") : nullptr;
  if (learnt == nullptr || !learnt->is_object()) return damaged(file);
  const json::Value* own = part.find("settings");
  json::Value settings = own == nullptr ? json::Value::object() : *own;
  if (!settings.is_object()) return part;  // the connector tells what is wrong with it
  for (const json::Member& m : learnt->members()) {
    if (settings.find(m.key) == nullptr) settings.set(m.key, m.value);
  }
  json::Value out = part;
  out.set("settings", std::move(settings));
  return out;
}

Result<void> keep_learned(const std::string& store, const PilotReport& report, const std::string& when) {
  json::Value settings = json::Value::object();
  for (const PilotAnswer& a : report.answers) {
    if (!a.setting.empty()) settings.set(a.setting, a.value);
  }
  json::Value all = json::Value::object();
  all.set("learned_at", json::Value::string(when));
  all.set("record", json::Value::string(report.record));
  all.set("settings", std::move(settings));
  const std::string file = learned_file(store);
  std::error_code failed;
  if (const fs::path folder = fs::path(file).parent_path(); !folder.empty())
    failed = make_folders_for_owner(folder.string());
  if (!failed) failed = replace_file_for_owner(file, json::write_pretty(all) + "\n");
  if (failed) return make_error(ErrorClass::config, file + " cannot be written: " + failed.message());
  return {};
}

}  // namespace cosell::cli
