//! The documented workflows bound to the harness: which Rust function stands behind which function of
//! which template. A project of your own has the same few lines.

use mimalloc::MiMalloc;
use rehearsal::{App, Apps};
use rehearsal_handlers::{csv, events, orders};

/// A replay is made of small allocations: with this allocator it takes a quarter less time.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// The apps of this workspace.
pub fn apps() -> Apps {
    Apps::new(env!("CARGO_MANIFEST_DIR"))
        .app("scenarios/csv/template.yaml", csv_app())
        .app("scenarios/orders/template.yaml", orders_app())
        .app("scenarios/events/template.yaml", events_app())
}

/// Asynchronous file processing: the rows of an uploaded CSV file end up in a table.
fn csv_app() -> App {
    App::new().function("ReadCsv", csv::read_csv::State::new, csv::read_csv::handler).function(
        "StoreRecord",
        csv::store_record::State::new,
        csv::store_record::handler,
    )
}

/// API workflow: orders over HTTP.
fn orders_app() -> App {
    App::new()
        .function("CreateOrder", orders::create_order::State::new, orders::create_order::handler)
        .function("GetOrder", orders::get_order::State::new, orders::get_order::handler)
        .function("ListOrders", orders::list_orders::State::new, orders::list_orders::handler)
        .function("UpdateOrder", orders::update_order::State::new, orders::update_order::handler)
        .function("CancelOrder", orders::cancel_order::State::new, orders::cancel_order::handler)
}

/// Event producers: what happens is put on a bus, and rules bring it to whoever is concerned.
fn events_app() -> App {
    App::new()
        .function("PlaceOrder", events::place_order::State::new, events::place_order::handler)
        .function("UploadWatcher", events::upload_watcher::State::new, events::upload_watcher::handler)
        .function("RecordLargeOrder", events::record_large_order::State::new, events::record_large_order::handler)
        .function("AuditEvent", events::audit_event::State::new, events::audit_event::handler)
        .function("NotifyRegion", events::notify_region::State::new, events::notify_region::handler)
        .function("DailyReport", events::daily_report::State::new, events::daily_report::handler)
}
