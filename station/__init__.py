"""The surface computer: feed with gap recovery, store, web page, operator commands, alerts, report, evidence."""
