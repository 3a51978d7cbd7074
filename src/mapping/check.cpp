// Compares a mapping with what the CRM really has, so that a renamed stage or a missing column is named before a sync
// meets it.
#include <algorithm>
#include <set>
#include <unordered_map>

#include "base/text.h"
#include "mapping/data.h"

namespace cosell::mapping {

class LiveCheck {
 public:
  explicit LiveCheck(const Mapping& mapping) : data_(*mapping.data_), findings_(mapping.data_->files) {}

  std::vector<FileFinding> run(const std::vector<LiveStage>& stages, const std::vector<LiveColumn>& columns) {
    if (!stages.empty()) {
      mapped_stages(stages);
      live_stages(stages);
    }
    if (!columns.empty()) check_columns(columns);
    return findings_.in_file_order();
  }

 private:
  static std::string key_of(const std::string& id) { return text::nfc(text::trim(id)); }

  void mapped_stages(const std::vector<LiveStage>& stages) {
    std::unordered_map<std::string, const LiveStage*> live;
    for (const LiveStage& s : stages) live.emplace(key_of(s.id), &s);
    for (const StageMeaning& m : data_.stages.meanings()) {
      const bool written = data_.stages.is_written_back(m);
      const auto found = live.find(key_of(m.crm_stage));
      if (found == live.end()) {
        const std::string message = "the CRM has no stage \"" + m.crm_stage + "\"";
        if (written) {
          findings_.error(m.at, "stage-not-live", message + ", and it is the one that is written for " + target_name(m),
                          remedy_for(m.crm_stage, stages));
        } else {
          findings_.warning(m.at, "stage-not-live", message, remedy_for(m.crm_stage, stages));
        }
      } else if (!found->second->active && written) {
        findings_.error(
            m.at, "stage-inactive",
            "the stage \"" + m.crm_stage + "\" is inactive in the CRM and would be written for " + target_name(m),
            "name another stage in \"write_back\"");
      }
    }
  }

  std::string remedy_for(const std::string& name, const std::vector<LiveStage>& stages) {
    // Comparing with every live stage is slow, and nobody reads hundreds of suggestions.
    if (++suggestions_ > kMaxSuggestions) return "remove it, or write the stage's stable value";
    std::vector<std::string> names;
    for (const LiveStage& s : stages) {
      if (s.label == name) return "\"" + name + "\" is a label; its stable value is \"" + s.id + "\"";
      names.push_back(s.id);
    }
    const std::string nearest = did_you_mean(name, names);
    return nearest.empty() ? "remove it, or write the stage's stable value" : nearest;
  }

  void live_stages(const std::vector<LiveStage>& stages) {
    for (const LiveStage& s : stages) {
      if (data_.stages.find(s.id) != nullptr) continue;
      const std::string shown = s.label.empty() || s.label == s.id ? "" : " (" + s.label + ")";
      const std::string message = "the CRM's stage \"" + s.id + "\"" + shown + " is not mapped";
      const std::string remedy = "add \"" + s.id + "\": … to the stage table";
      if (s.active) {
        findings_.error(data_.stages.at(), "stage-not-mapped", message + "; deals in it will wait", remedy);
      } else {
        findings_.warning(data_.stages.at(), "stage-not-mapped", message + "; it is inactive", remedy);
      }
    }
  }

  void check_columns(const std::vector<LiveColumn>& columns) {
    std::vector<std::string> names;
    for (const LiveColumn& c : columns) names.push_back(c.name);
    const std::set<std::string> known(names.begin(), names.end());
    const bool paths =
        std::any_of(names.begin(), names.end(), [](const std::string& n) { return n.find('.') != std::string::npos; });
    std::set<std::string> wanted(data_.read.begin(), data_.read.end());
    wanted.insert(data_.written.begin(), data_.written.end());
    for (const std::string& name : wanted) {
      // Columns of parent records are checked only where the CRM listed them.
      if (known.contains(name) || (!paths && name.find('.') != std::string::npos)) continue;
      findings_.error(at_of(name), "column-missing", "the CRM has no column \"" + name + "\"",
                      missing_remedy(name, names));
    }
    for (const LiveColumn& c : columns) {
      const bool written = std::find(data_.written.begin(), data_.written.end(), c.name) != data_.written.end();
      if (!written || c.writable) continue;
      findings_.error(at_of(c.name), "column-not-writable", "the column \"" + c.name + "\" may not be written",
                      "give the bridge's user the right to edit it, or make the field \"to_partner_center\"");
    }
  }

  std::string missing_remedy(const std::string& name, const std::vector<std::string>& names) const {
    for (const FieldPlan& plan : data_.plans) {
      if (plan.currency_column == name) return "with one currency only, write \"currency\": \"EUR\" in \"value\"";
    }
    for (const auto& b : data_.bridge) {
      if (b.second == name) return "install the bridge's columns, or name another column in \"bridge\"";
    }
    const std::string nearest = did_you_mean(name, names);
    return nearest.empty() ? "create the column, or name another one" : nearest;
  }

  Origin at_of(const std::string& column) const {
    const auto found = data_.column_at.find(column);
    return found == data_.column_at.end() ? Origin{0, 1, 1} : found->second;
  }

  static constexpr int kMaxSuggestions = 20;
  const Mapping::Data& data_;
  Findings findings_;
  int suggestions_ = 0;
};

std::vector<FileFinding> check_against_live(const Mapping& mapping, const std::vector<LiveStage>& stages,
                                            const std::vector<LiveColumn>& columns) {
  return LiveCheck(mapping).run(stages, columns);
}

}  // namespace cosell::mapping
