CREATE TABLE absent_transactions (
    txid TEXT NOT NULL,
    looks INTEGER NOT NULL,
    since INTEGER NOT NULL,
    PRIMARY KEY (txid)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE addresses (
    script BLOB NOT NULL,
    address TEXT NOT NULL,
    campaign TEXT NOT NULL,
    branch TEXT NOT NULL,
    idx INTEGER NOT NULL,
    source TEXT NOT NULL,
    given_at TEXT,
    claim TEXT,
    used INTEGER NOT NULL,
    restriction TEXT,
    PRIMARY KEY (script),
    UNIQUE (address),
    UNIQUE (claim)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX addresses_given ON addresses (given_at);

CREATE INDEX addresses_next ON addresses (campaign, branch, idx);

CREATE TABLE audit (
    n INTEGER NOT NULL,
    at TEXT NOT NULL,
    user_id INTEGER,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    PRIMARY KEY (n)
)
 STRICT;

CREATE TABLE balances (
    account TEXT NOT NULL,
    asset TEXT NOT NULL,
    kind TEXT NOT NULL,
    campaign TEXT NOT NULL,
    place TEXT NOT NULL,
    item TEXT NOT NULL,
    debits INTEGER NOT NULL,
    credits INTEGER NOT NULL,
    PRIMARY KEY (account, asset),
    CHECK (kind IN ('wallet', 'dust', 'undecided', 'blocked', 'unexplained', 'exchange', 'bank', 'overdraft', 'interest', 'before', 'gifts', 'dust_gifts', 'blocked_gifts', 'in_kind', 'excess', 'top_ups', 'own_coins', 'undone_spends', 'given_back', 'trading', 'tax', 'supplier', 'indemnities', 'fees', 'ordered', 'open', 'cancelled', 'claims', 'over', 'surplus', 'explained', 'replaced', 'noted', 'stock', 'transit', 'handed', 'distributed', 'delivered', 'lost', 'returned', 'lent', 'owed', 'reached', 'results', 'commitments', 'encumbered'))
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX balances_campaign ON balances (campaign, kind, asset);

CREATE TABLE campaign_changes (
    campaign TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (campaign)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE completeness (
    ground TEXT NOT NULL,
    addresses INTEGER,
    block INTEGER,
    PRIMARY KEY (ground),
    CHECK (ground IN ('scanned_whole', 'listed', 'past_unread', 'past_listed'))
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE completeness_sources (
    n INTEGER NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (n)
)
 STRICT;

CREATE TABLE day_balances (
    account TEXT NOT NULL,
    asset TEXT NOT NULL,
    date TEXT NOT NULL,
    units INTEGER NOT NULL,
    PRIMARY KEY (account, asset, date)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE entries (
    seq INTEGER NOT NULL,
    "key" TEXT NOT NULL,
    kind TEXT NOT NULL,
    campaign TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    date TEXT NOT NULL,
    day TEXT,
    out_of_order TEXT,
    data BLOB NOT NULL,
    hash TEXT NOT NULL,
    transfers INTEGER NOT NULL,
    PRIMARY KEY (seq),
    CHECK (out_of_order IN ('ratified', 'proforma', 'signed_later', 'other_day_there')),
    UNIQUE ("key")
)
 STRICT;

CREATE INDEX entries_campaign ON entries (campaign, seq);

CREATE INDEX entries_kind ON entries (kind, seq);

CREATE INDEX entries_out_of_order ON entries (campaign) WHERE out_of_order IS NOT NULL;

CREATE TABLE gap_limits (
    descriptor TEXT NOT NULL,
    gap INTEGER NOT NULL,
    first_index INTEGER NOT NULL,
    PRIMARY KEY (descriptor)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE headers (
    height INTEGER NOT NULL,
    raw BLOB NOT NULL,
    PRIMARY KEY (height)
)
 STRICT;

CREATE TABLE last_look (
    at TEXT NOT NULL,
    agreed INTEGER NOT NULL,
    best_height INTEGER,
    PRIMARY KEY (at)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE leases (
    name TEXT NOT NULL,
    holder TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    until INTEGER NOT NULL,
    PRIMARY KEY (name)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE lines (
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    campaign TEXT,
    asset TEXT NOT NULL,
    restriction TEXT,
    number TEXT,
    item TEXT,
    at TEXT,
    place TEXT,
    product TEXT,
    lot TEXT,
    ended_use TEXT,
    ended_part INTEGER,
    length INTEGER NOT NULL,
    filled INTEGER NOT NULL,
    PRIMARY KEY (name),
    CHECK (kind IN ('money', 'order', 'goods', 'spent', 'exchange', 'loan', 'repaid', 'ended')),
    CHECK (at IN ('wallet', 'dust', 'undecided', 'blocked', 'unexplained', 'exchange', 'bank', 'overdraft', 'interest', 'before', 'gifts', 'dust_gifts', 'blocked_gifts', 'in_kind', 'excess', 'top_ups', 'own_coins', 'undone_spends', 'given_back', 'trading', 'tax', 'supplier', 'indemnities', 'fees', 'ordered', 'open', 'cancelled', 'claims', 'over', 'surplus', 'explained', 'replaced', 'noted', 'stock', 'transit', 'handed', 'distributed', 'delivered', 'lost', 'returned', 'lent', 'owed', 'reached', 'results', 'commitments', 'encumbered'))
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX lines_ended ON lines (ended_use, ended_part);

CREATE INDEX lines_kind ON lines (kind, campaign, restriction, asset);

CREATE INDEX lines_number ON lines (kind, number);

CREATE TABLE lookups (
    n INTEGER NOT NULL,
    txid TEXT NOT NULL,
    state TEXT NOT NULL,
    asked_at INTEGER NOT NULL,
    answered_at INTEGER,
    height INTEGER,
    PRIMARY KEY (n),
    CHECK (state IN ('waiting', 'found', 'none_of_ours', 'no_source', 'unread')),
    UNIQUE (txid)
)
 STRICT;

CREATE TABLE messages (
    "key" TEXT NOT NULL,
    text TEXT NOT NULL,
    many TEXT NOT NULL,
    PRIMARY KEY ("key")
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE meta (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE observations (
    n INTEGER NOT NULL,
    at TEXT NOT NULL,
    source TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (n)
)
 STRICT;

CREATE INDEX observations_subject ON observations (subject);

CREATE TABLE observed_blocks (
    height INTEGER NOT NULL,
    hash TEXT NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (height),
    UNIQUE (hash)
)
 STRICT;

CREATE TABLE observed_scripts (
    txid TEXT NOT NULL,
    vout INTEGER NOT NULL,
    script TEXT NOT NULL,
    proven INTEGER NOT NULL,
    PRIMARY KEY (txid, vout)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX observed_scripts_script ON observed_scripts (script);

CREATE TABLE observed_transactions (
    txid TEXT NOT NULL,
    state TEXT NOT NULL,
    height INTEGER,
    block TEXT,
    block_time INTEGER,
    position INTEGER,
    coinbase INTEGER NOT NULL,
    first_at TEXT NOT NULL,
    confirmed_at TEXT,
    departures INTEGER NOT NULL,
    replaced_by TEXT,
    others INTEGER NOT NULL,
    PRIMARY KEY (txid),
    CHECK (state IN ('seen', 'confirmed', 'reorged', 'replaced', 'evicted'))
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX observed_transactions_order ON observed_transactions (height, position, txid);

CREATE INDEX observed_transactions_state ON observed_transactions (state, txid);

CREATE TABLE observed_unspent (
    campaign TEXT NOT NULL,
    sats INTEGER NOT NULL,
    PRIMARY KEY (campaign)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE openings (
    commitment TEXT NOT NULL,
    salt BLOB NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (commitment)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE papers (
    sha256 TEXT NOT NULL,
    media_type TEXT NOT NULL,
    original TEXT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (sha256)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE progress (
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (name)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE sealed_papers (
    sealed TEXT NOT NULL,
    salt BLOB NOT NULL,
    lies TEXT NOT NULL,
    PRIMARY KEY (sealed)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE senders_asked (
    txid TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (txid)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE unread_scripts (
    script BLOB NOT NULL,
    askable INTEGER NOT NULL,
    PRIMARY KEY (script)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE unread_sources (
    n INTEGER NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (n)
)
 STRICT;

CREATE TABLE users (
    id INTEGER NOT NULL,
    name TEXT NOT NULL,
    disabled INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (name)
)
 STRICT;

CREATE TABLE authors (
    seq INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    PRIMARY KEY (seq),
    FOREIGN KEY(seq) REFERENCES entries (seq),
    FOREIGN KEY(user_id) REFERENCES users (id)
)
 STRICT;

CREATE TABLE campaigns (
    slug TEXT NOT NULL,
    entry INTEGER NOT NULL,
    at TEXT NOT NULL,
    title TEXT NOT NULL,
    purpose TEXT NOT NULL,
    start TEXT NOT NULL,
    "end" TEXT NOT NULL,
    currency TEXT NOT NULL,
    valuation TEXT NOT NULL,
    dust INTEGER NOT NULL,
    tolerance_permille INTEGER NOT NULL,
    match_permille INTEGER NOT NULL,
    claim_tolerance INTEGER NOT NULL,
    PRIMARY KEY (slug),
    CHECK (valuation IN ('block_time', 'settlement', 'conversion')),
    UNIQUE (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE confirmation_links (
    code_hash TEXT NOT NULL,
    campaign TEXT NOT NULL,
    about TEXT NOT NULL,
    paper TEXT NOT NULL,
    expires INTEGER NOT NULL,
    corrects INTEGER,
    PRIMARY KEY (code_hash),
    CHECK (about IN ('shipment', 'handover')),
    FOREIGN KEY(corrects) REFERENCES entries (seq)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE drafts (
    id INTEGER NOT NULL,
    kind TEXT NOT NULL,
    campaign TEXT NOT NULL,
    "key" TEXT NOT NULL,
    data BLOB NOT NULL,
    user_id INTEGER NOT NULL,
    waits_for TEXT,
    at TEXT NOT NULL,
    outcome TEXT,
    refusal TEXT,
    PRIMARY KEY (id),
    FOREIGN KEY(user_id) REFERENCES users (id),
    FOREIGN KEY(refusal) REFERENCES messages ("key")
)
 STRICT;

CREATE INDEX drafts_open ON drafts (outcome, waits_for);

CREATE TABLE entry_subjects (
    kind TEXT NOT NULL,
    campaign TEXT NOT NULL,
    subject TEXT NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (kind, campaign, subject, entry),
    CHECK (kind IN ('gift', 'order', 'lot')),
    FOREIGN KEY(entry) REFERENCES entries (seq)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE findings (
    n INTEGER NOT NULL,
    name TEXT NOT NULL,
    subject TEXT NOT NULL,
    message TEXT NOT NULL,
    PRIMARY KEY (n),
    FOREIGN KEY(message) REFERENCES messages ("key")
)
 STRICT;

CREATE TABLE holds (
    entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    line TEXT NOT NULL,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,
    PRIMARY KEY (entry, n),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(line) REFERENCES lines (name)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE line_spans (
    line TEXT NOT NULL,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,
    state TEXT NOT NULL,
    ref TEXT NOT NULL,
    PRIMARY KEY (line, start),
    CHECK (state IN ('free', 'held', 'used', 'void')),
    FOREIGN KEY(line) REFERENCES lines (name)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX line_spans_state ON line_spans (line, state, stop);

CREATE TABLE look_sources (
    n INTEGER NOT NULL,
    name TEXT NOT NULL,
    ok INTEGER NOT NULL,
    tip_height INTEGER,
    error TEXT,
    lied TEXT,
    set_aside_until TEXT,
    requests INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    PRIMARY KEY (n),
    FOREIGN KEY(error) REFERENCES messages ("key"),
    FOREIGN KEY(lied) REFERENCES messages ("key")
)
 STRICT;

CREATE TABLE lookup_sources (
    txid TEXT NOT NULL,
    n INTEGER NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (txid, n),
    FOREIGN KEY(txid) REFERENCES lookups (txid)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE message_values (
    message TEXT NOT NULL,
    n INTEGER NOT NULL,
    inside INTEGER,
    place TEXT,
    kind TEXT NOT NULL,
    text TEXT,
    many TEXT,
    number INTEGER,
    asset TEXT,
    PRIMARY KEY (message, n),
    CHECK (kind IN ('text', 'number', 'figure', 'list', 'message')),
    FOREIGN KEY(message) REFERENCES messages ("key") ON DELETE CASCADE
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE observed_departures (
    txid TEXT NOT NULL,
    n INTEGER NOT NULL,
    height INTEGER NOT NULL,
    block TEXT NOT NULL,
    time INTEGER NOT NULL,
    left_at TEXT NOT NULL,
    PRIMARY KEY (txid, n),
    FOREIGN KEY(txid) REFERENCES observed_transactions (txid)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE observed_inputs (
    txid TEXT NOT NULL,
    n INTEGER NOT NULL,
    spent_txid TEXT NOT NULL,
    spent_vout INTEGER NOT NULL,
    PRIMARY KEY (txid, n),
    FOREIGN KEY(txid) REFERENCES observed_transactions (txid)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX observed_inputs_spent ON observed_inputs (spent_txid, spent_vout);

CREATE TABLE observed_outputs (
    txid TEXT NOT NULL,
    vout INTEGER NOT NULL,
    script TEXT NOT NULL,
    sats INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    branch TEXT NOT NULL,
    address TEXT NOT NULL,
    coinbase INTEGER NOT NULL,
    height INTEGER,
    spent_by TEXT,
    spent_height INTEGER,
    PRIMARY KEY (txid, vout),
    FOREIGN KEY(txid) REFERENCES observed_transactions (txid)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX observed_outputs_coinbases ON observed_outputs (height) WHERE coinbase = 1;

CREATE INDEX observed_outputs_script ON observed_outputs (script);

CREATE INDEX observed_outputs_spent ON observed_outputs (spent_height) WHERE spent_height IS NOT NULL;

CREATE TABLE observed_payees (
    txid TEXT NOT NULL,
    vout INTEGER NOT NULL,
    script TEXT NOT NULL,
    sats INTEGER NOT NULL,
    PRIMARY KEY (txid, vout),
    FOREIGN KEY(txid) REFERENCES observed_transactions (txid)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE observed_sources (
    txid TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (txid, source),
    FOREIGN KEY(txid) REFERENCES observed_transactions (txid)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE paper_treatments (
    sha256 TEXT NOT NULL,
    treatment TEXT NOT NULL,
    PRIMARY KEY (sha256, treatment),
    CHECK (treatment IN ('metadata-removed', 'thumbnails-removed', 'attachments-removed', 'active-content-removed', 'metadata-left')),
    FOREIGN KEY(sha256) REFERENCES papers (sha256)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE rate_tries (
    campaign TEXT NOT NULL,
    currency TEXT NOT NULL,
    at INTEGER NOT NULL,
    tries INTEGER NOT NULL,
    due INTEGER NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (campaign, currency, at),
    FOREIGN KEY(why) REFERENCES messages ("key")
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX rate_tries_due ON rate_tries (due);

CREATE TABLE reversals (
    entry INTEGER NOT NULL,
    reversed_entry INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    UNIQUE (reversed_entry),
    FOREIGN KEY(reversed_entry) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE sources_set_aside (
    name TEXT NOT NULL,
    until INTEGER NOT NULL,
    times INTEGER NOT NULL,
    lied TEXT NOT NULL,
    PRIMARY KEY (name),
    FOREIGN KEY(lied) REFERENCES messages ("key")
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE spends (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    ref TEXT NOT NULL,
    txid TEXT NOT NULL,
    part INTEGER NOT NULL,
    late INTEGER NOT NULL,
    block TEXT NOT NULL,
    height INTEGER NOT NULL,
    time INTEGER NOT NULL,
    date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    role TEXT NOT NULL,
    wallet INTEGER NOT NULL,
    dust INTEGER NOT NULL,
    undecided INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    change INTEGER NOT NULL,
    excess INTEGER NOT NULL,
    out INTEGER NOT NULL,
    shortfall INTEGER NOT NULL,
    need TEXT,
    borrowed_from TEXT,
    live INTEGER NOT NULL,
    n INTEGER NOT NULL,
    explanation TEXT,
    explanation_number TEXT,
    explained_at TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, ref),
    CHECK (explanation IN ('conversion', 'deposit', 'payment', 'move', 'own-move', 'loan', 'gift-return', 'cover', 'opening', 'reclassification')),
    CHECK (role IN ('admin', 'recorder', 'approver', 'auditor', 'viewer', 'system')),
    FOREIGN KEY(entry) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX spends_live ON spends (campaign, live);

CREATE INDEX spends_open ON spends (campaign, explained_at);

CREATE INDEX spends_txid ON spends (txid, campaign);

CREATE TABLE tokens (
    id INTEGER NOT NULL,
    user_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    at TEXT NOT NULL,
    until TEXT,
    revoked INTEGER NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY(user_id) REFERENCES users (id),
    UNIQUE (hash)
)
 STRICT;

CREATE INDEX tokens_user ON tokens (user_id);

CREATE TABLE transfers (
    seq INTEGER NOT NULL,
    n INTEGER NOT NULL,
    debit TEXT NOT NULL,
    credit TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (seq, n),
    CHECK (amount between 1 and 9007199254740991),
    FOREIGN KEY(seq) REFERENCES entries (seq)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX transfers_credit ON transfers (credit, asset, seq);

CREATE INDEX transfers_debit ON transfers (debit, asset, seq);

CREATE TABLE user_limits (
    user_id INTEGER NOT NULL,
    currency TEXT NOT NULL,
    most INTEGER NOT NULL,
    PRIMARY KEY (user_id, currency),
    FOREIGN KEY(user_id) REFERENCES users (id)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE user_roles (
    user_id INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    role TEXT NOT NULL,
    until TEXT,
    PRIMARY KEY (user_id, campaign, role),
    CHECK (role IN ('admin', 'recorder', 'approver', 'auditor', 'viewer', 'system')),
    FOREIGN KEY(user_id) REFERENCES users (id)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE uses (
    name TEXT NOT NULL,
    entry INTEGER NOT NULL,
    cause TEXT NOT NULL,
    campaign TEXT NOT NULL,
    number TEXT NOT NULL,
    line TEXT NOT NULL,
    scale INTEGER NOT NULL,
    undone_by INTEGER,
    PRIMARY KEY (name),
    CHECK (cause IN ('arrival', 'bought', 'bank-fee', 'charge-back', 'closing', 'contribution', 'conversion', 'cover', 'custody-fee', 'deposit', 'distribution', 'exchange', 'find', 'gift-return', 'handover', 'in-kind', 'loan', 'loss', 'move', 'opening', 'own-move', 'payment', 'receipt', 'recall', 'reclassification', 'refund', 'repaid', 'repayment', 'return', 'shipment', 'spend', 'withdrawal')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(line) REFERENCES lines (name),
    FOREIGN KEY(undone_by) REFERENCES entries (seq)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX uses_paper ON uses (campaign, cause, number);

CREATE INDEX uses_undone ON uses (line, undone_by);

CREATE TABLE bank_asides (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    bank TEXT NOT NULL,
    currency TEXT NOT NULL,
    reason TEXT NOT NULL,
    opening INTEGER NOT NULL,
    role TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    CHECK (role IN ('admin', 'recorder', 'approver', 'auditor', 'viewer', 'system')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE bank_fees (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    bank TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (cause IN ('account', 'service', 'tax', 'shortage')),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE bank_lines (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    bank TEXT NOT NULL,
    currency TEXT NOT NULL,
    identity TEXT NOT NULL,
    direction TEXT NOT NULL,
    amount INTEGER NOT NULL,
    booked TEXT NOT NULL,
    text TEXT,
    reference TEXT,
    file TEXT,
    at TEXT NOT NULL,
    matched INTEGER NOT NULL,
    aside_by INTEGER,
    reversed_by INTEGER,
    PRIMARY KEY (entry),
    UNIQUE (campaign, identity),
    CHECK (direction IN ('in', 'out')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(aside_by) REFERENCES entries (seq),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX bank_lines_bank ON bank_lines (campaign, bank, currency, booked);

CREATE TABLE bank_movements (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    bank TEXT NOT NULL,
    currency TEXT NOT NULL,
    noun TEXT NOT NULL,
    reference TEXT NOT NULL,
    date TEXT NOT NULL,
    moved INTEGER NOT NULL,
    matched INTEGER NOT NULL,
    reversed_by INTEGER,
    PRIMARY KEY (entry, campaign, bank, currency),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX bank_movements_bank ON bank_movements (campaign, bank, currency, date, reversed_by, moved);

CREATE TABLE bank_outstanding (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    "of" INTEGER NOT NULL,
    bank TEXT NOT NULL,
    currency TEXT NOT NULL,
    instrument TEXT NOT NULL,
    until TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (instrument IN ('cheque', 'transfer', 'money_order', 'card', 'deposit')),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY("of") REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE bank_statements (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    bank TEXT NOT NULL,
    currency TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    part INTEGER NOT NULL,
    opening INTEGER NOT NULL,
    came INTEGER NOT NULL,
    went INTEGER NOT NULL,
    closing INTEGER NOT NULL,
    lines INTEGER NOT NULL,
    first TEXT NOT NULL,
    last TEXT NOT NULL,
    reversed_by INTEGER,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX bank_statements_bank ON bank_statements (campaign, bank, currency, last);

CREATE TABLE bank_terms (
    campaign TEXT NOT NULL,
    bank TEXT NOT NULL,
    entry INTEGER NOT NULL,
    date TEXT NOT NULL,
    account TEXT NOT NULL,
    days INTEGER,
    statement_days INTEGER,
    holder TEXT,
    until TEXT,
    PRIMARY KEY (campaign, bank),
    CHECK (account IN ('own', 'shared', 'cash', 'advance', 'vat')),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(entry) REFERENCES entries (seq)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE campaign_known_facts (
    campaign TEXT NOT NULL,
    n INTEGER NOT NULL,
    fact TEXT NOT NULL,
    source TEXT NOT NULL,
    PRIMARY KEY (campaign, n),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE campaign_openings (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX campaign_openings_status ON campaign_openings (campaign, status);

CREATE TABLE campaign_partners (
    campaign TEXT NOT NULL,
    n INTEGER NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (campaign, n),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE cash_counts (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    bank TEXT NOT NULL,
    currency TEXT NOT NULL,
    counted INTEGER NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX cash_counts_bank ON cash_counts (campaign, bank, currency);

CREATE TABLE confirmations (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    about TEXT NOT NULL,
    paper INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    corrected_by INTEGER,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (about IN ('shipment', 'handover')),
    CHECK (by IN ('consignee', 'recipient')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(paper) REFERENCES entries (seq),
    FOREIGN KEY(corrected_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX confirmations_paper ON confirmations (paper);

CREATE TABLE conversions (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    txid TEXT,
    reference TEXT,
    sold INTEGER NOT NULL,
    network_fee INTEGER NOT NULL,
    currency TEXT NOT NULL,
    proceeds INTEGER NOT NULL,
    exchange_fee INTEGER NOT NULL,
    exchange TEXT NOT NULL,
    bank TEXT NOT NULL,
    quote INTEGER,
    need TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX conversions_reference ON conversions (campaign, exchange, reference);

CREATE INDEX conversions_status ON conversions (campaign, status);

CREATE TABLE corrections (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    corrected INTEGER NOT NULL,
    field TEXT NOT NULL,
    lot TEXT,
    place TEXT,
    item TEXT,
    old TEXT,
    new TEXT,
    reason TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    CHECK (field IN ('expiry', 'air_waybill', 'expected', 'report', 'reason', 'place', 'supplier', 'carrier', 'organisation', 'reference', 'happened', 'amount', 'good', 'damaged', 'short', 'rejected', 'lost', 'value', 'quantity')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(corrected) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX corrections_corrected ON corrections (corrected);

CREATE TABLE custody_fees (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    exchange TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX custody_fees_status ON custody_fees (campaign, status);

CREATE TABLE deposits (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    txid TEXT NOT NULL,
    amount INTEGER NOT NULL,
    network_fee INTEGER NOT NULL,
    exchange TEXT NOT NULL,
    until TEXT NOT NULL,
    need TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX deposits_status ON deposits (campaign, status);

CREATE TABLE distributions (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    organisation TEXT NOT NULL,
    expired TEXT,
    beyond_count TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE evidence (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    original TEXT,
    title TEXT NOT NULL,
    paper TEXT NOT NULL,
    shows TEXT NOT NULL,
    access TEXT NOT NULL,
    about TEXT NOT NULL,
    number TEXT,
    withheld TEXT,
    review TEXT,
    date TEXT NOT NULL,
    role TEXT NOT NULL,
    waits INTEGER NOT NULL,
    reversed_by INTEGER,
    PRIMARY KEY (entry),
    CHECK (access IN ('public', 'redacted', 'sealed')),
    CHECK (about IN ('campaign', 'need', 'offer', 'pledge', 'conversion', 'deposit', 'purchase', 'invoice', 'payment', 'receipt', 'shipment', 'arrival', 'loss', 'handover', 'distribution', 'closing', 'return', 'recall', 'contribution', 'in-kind', 'indicator', 'result', 'credit-note', 'refund', 'block', 'release', 'screening', 'opening', 'bank-fee', 'charge-back', 'cover', 'gift-return', 'withdrawal', 'custody-fee', 'exchange', 'move', 'reclassification', 'loan', 'repayment', 'tax-payment', 'claim', 'claim-end', 'aside', 'outstanding', 'cash-count', 'correction', 'period')),
    CHECK (role IN ('admin', 'recorder', 'approver', 'auditor', 'viewer', 'system')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX evidence_fact ON evidence (campaign, about, number);

CREATE INDEX evidence_paper ON evidence (sha256, campaign);

CREATE TABLE exchange_rates (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    base TEXT NOT NULL,
    currency TEXT NOT NULL,
    price TEXT NOT NULL,
    source TEXT NOT NULL,
    monthly INTEGER NOT NULL,
    rate_date TEXT NOT NULL,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX exchange_rates_base ON exchange_rates (campaign, base, rate_date);

CREATE INDEX exchange_rates_currency ON exchange_rates (campaign, currency, rate_date);

CREATE TABLE exchanges (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    bank TEXT NOT NULL,
    currency TEXT NOT NULL,
    sold INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    to_bank TEXT NOT NULL,
    "into" TEXT NOT NULL,
    bought INTEGER NOT NULL,
    need TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE gift_blocks (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    number TEXT NOT NULL,
    gift TEXT NOT NULL,
    list_name TEXT,
    list_date TEXT,
    date TEXT NOT NULL,
    at TEXT NOT NULL,
    held INTEGER NOT NULL,
    used INTEGER NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('standing', 'released', 'returned')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug)
)
 STRICT;

CREATE INDEX gift_blocks_gift ON gift_blocks (campaign, gift);

CREATE INDEX gift_blocks_status ON gift_blocks (campaign, status);

CREATE TABLE gift_days (
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    gifts INTEGER NOT NULL,
    sats INTEGER NOT NULL,
    value INTEGER NOT NULL,
    dust_gifts INTEGER NOT NULL,
    dust INTEGER NOT NULL,
    PRIMARY KEY (campaign, date),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE gift_returns (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    gift TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    bank TEXT,
    txid TEXT,
    reason TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    CHECK (reason IN ('asked', 'mistake', 'screening', 'restriction', 'other')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX gift_returns_gift ON gift_returns (campaign, gift);

CREATE INDEX gift_returns_status ON gift_returns (campaign, status);

CREATE TABLE handovers (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    place TEXT NOT NULL,
    organisation TEXT NOT NULL,
    expired TEXT,
    beyond_count TEXT,
    signed TEXT,
    signed_on TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE interest (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    bank TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE limits (
    campaign TEXT NOT NULL,
    role TEXT NOT NULL,
    currency TEXT NOT NULL,
    most INTEGER,
    date TEXT NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (campaign, role, currency),
    CHECK (role IN ('admin', 'recorder', 'approver', 'auditor', 'viewer', 'system')),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(entry) REFERENCES entries (seq)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE line_sources (
    line TEXT NOT NULL,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,
    gift TEXT,
    use TEXT,
    part INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (line, start),
    FOREIGN KEY(line) REFERENCES lines (name),
    FOREIGN KEY(use) REFERENCES uses (name),
    FOREIGN KEY(entry) REFERENCES entries (seq)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE loans (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    borrower TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    bank TEXT,
    to_bank TEXT,
    txid TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(borrower) REFERENCES campaigns (slug)
)
 STRICT;

CREATE INDEX loans_borrower ON loans (borrower, asset);

CREATE INDEX loans_status ON loans (campaign, status);

CREATE TABLE moves (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    asset TEXT NOT NULL,
    amount INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    from_bank TEXT,
    to_bank TEXT,
    txid TEXT,
    need TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX moves_status ON moves (campaign, status);

CREATE TABLE named (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    code TEXT NOT NULL,
    likeness TEXT NOT NULL,
    campaign TEXT NOT NULL,
    entry INTEGER NOT NULL,
    since TEXT NOT NULL,
    same_as TEXT,
    PRIMARY KEY (kind, name),
    UNIQUE (code),
    UNIQUE (kind, number),
    CHECK (kind IN ('supplier', 'partner', 'place', 'recipient', 'bank', 'exchange')),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(entry) REFERENCES entries (seq)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX named_likeness ON named (kind, likeness);

CREATE TABLE periods (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    first TEXT NOT NULL,
    last TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX periods_last ON periods (campaign, status, last);

CREATE TABLE pledges (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    asset TEXT NOT NULL,
    amount INTEGER NOT NULL,
    happened TEXT NOT NULL,
    due TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE products (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL,
    unit TEXT NOT NULL,
    plural TEXT NOT NULL,
    nature TEXT NOT NULL,
    verb TEXT,
    specification TEXT,
    grade TEXT,
    standard TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, code),
    CHECK (nature IN ('goods', 'service')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug)
)
 STRICT;

CREATE TABLE purchase_orders (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    supplier TEXT NOT NULL,
    currency TEXT NOT NULL,
    need TEXT,
    expected TEXT,
    amends INTEGER,
    match_permille INTEGER,
    opened_by TEXT,
    rate_number TEXT,
    rate_price INTEGER,
    closed_by INTEGER,
    closed_on TEXT,
    closed_as TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    CHECK (closed_as IN ('completed', 'cancelled')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(amends) REFERENCES purchase_orders (entry),
    FOREIGN KEY(closed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX purchase_orders_status ON purchase_orders (campaign, status, number);

CREATE INDEX purchase_orders_supplier ON purchase_orders (supplier, currency);

CREATE TABLE question_answers (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    question_entry INTEGER NOT NULL,
    question_n INTEGER NOT NULL,
    answer TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (entry),
    CHECK (answer IN ('different', 'same', 'right', 'wrong')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(question_entry) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX question_answers_question ON question_answers (question_entry, question_n);

CREATE TABLE questions (
    entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    doubt TEXT NOT NULL,
    other INTEGER,
    kind TEXT,
    name TEXT,
    other_name TEXT,
    since TEXT NOT NULL,
    gone_by INTEGER,
    PRIMARY KEY (entry, n),
    CHECK (doubt IN ('name', 'paper', 'reference', 'lot', 'lot_name', 'fee', 'rate', 'no_rate')),
    CHECK (kind IN ('supplier', 'partner', 'place', 'recipient', 'bank', 'exchange')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(other) REFERENCES entries (seq),
    FOREIGN KEY(gone_by) REFERENCES entries (seq)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX questions_name ON questions (kind, name);

CREATE INDEX questions_open ON questions (campaign, gone_by);

CREATE INDEX questions_other ON questions (other);

CREATE TABLE rates (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    currency TEXT NOT NULL,
    date TEXT NOT NULL,
    at INTEGER,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug)
)
 STRICT;

CREATE INDEX rates_moment ON rates (campaign, currency, date, at);

CREATE TABLE reclassifications (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    asset TEXT NOT NULL,
    amount INTEGER NOT NULL,
    need TEXT,
    to_need TEXT,
    txid TEXT,
    reason TEXT NOT NULL,
    paper TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    CHECK (reason IN ('donors_agreed', 'need_met', 'need_withdrawn', 'set_aside', 'exchanged')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX reclassifications_status ON reclassifications (campaign, status);

CREATE TABLE returns (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    direction TEXT NOT NULL,
    place TEXT NOT NULL,
    organisation TEXT,
    people TEXT,
    reason TEXT NOT NULL,
    report TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (direction IN ('to_supplier', 'from_recipient')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE sanctions_lists (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    name TEXT NOT NULL,
    list_date TEXT NOT NULL,
    source TEXT NOT NULL,
    sha256 TEXT,
    at TEXT NOT NULL,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX sanctions_lists_name ON sanctions_lists (campaign, name, list_date);

CREATE TABLE screening_terms (
    campaign TEXT NOT NULL,
    above INTEGER,
    date TEXT NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (campaign),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(entry) REFERENCES entries (seq)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE screenings (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    kind TEXT NOT NULL,
    payee TEXT NOT NULL,
    list_name TEXT NOT NULL,
    list_date TEXT NOT NULL,
    result TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (kind IN ('supplier', 'donor', 'exchange', 'tax_office')),
    CHECK (result IN ('no_match', 'match', 'cleared')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX screenings_payee ON screenings (campaign, kind, payee);

CREATE TABLE sealings (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX sealings_status ON sealings (campaign, status);

CREATE TABLE shipments (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    waybill TEXT NOT NULL,
    origin TEXT NOT NULL,
    destination TEXT NOT NULL,
    carriage TEXT NOT NULL,
    carrier TEXT,
    air_waybill TEXT,
    expected TEXT,
    status TEXT NOT NULL,
    happened TEXT,
    beyond_count TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, waybill),
    CHECK (carriage IN ('air', 'sea', 'road', 'rail', 'hand')),
    CHECK (status IN ('in_transit', 'shipped', 'customs_hold', 'customs_release', 'delivered', 'partially_received', 'received', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE spend_change (
    entry INTEGER NOT NULL,
    vout INTEGER NOT NULL,
    wallet INTEGER NOT NULL,
    dust INTEGER NOT NULL,
    undecided INTEGER NOT NULL,
    blocked INTEGER NOT NULL,
    PRIMARY KEY (entry, vout),
    FOREIGN KEY(entry) REFERENCES spends (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX spend_change_undecided ON spend_change (entry) WHERE undecided > 0;

CREATE TABLE spend_inputs (
    entry INTEGER NOT NULL,
    outpoint TEXT NOT NULL,
    campaign TEXT NOT NULL,
    released INTEGER NOT NULL,
    PRIMARY KEY (entry, outpoint),
    FOREIGN KEY(entry) REFERENCES spends (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX spend_inputs_outpoint ON spend_inputs (campaign, outpoint);

CREATE TABLE tax_payments (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    bank TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE token_campaigns (
    token_id INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    PRIMARY KEY (token_id, campaign),
    FOREIGN KEY(token_id) REFERENCES tokens (id)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE token_scopes (
    token_id INTEGER NOT NULL,
    scope TEXT NOT NULL,
    PRIMARY KEY (token_id, scope),
    CHECK (scope IN ('read', 'record', 'approve', 'administer')),
    FOREIGN KEY(token_id) REFERENCES tokens (id)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE unvalued_moments (
    campaign TEXT NOT NULL,
    at TEXT NOT NULL,
    time INTEGER NOT NULL,
    height INTEGER NOT NULL,
    coinbase INTEGER NOT NULL,
    gifts INTEGER NOT NULL,
    sats INTEGER NOT NULL,
    PRIMARY KEY (campaign, at, time, height, coinbase),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE use_parts (
    use TEXT NOT NULL,
    n INTEGER NOT NULL,
    kind TEXT NOT NULL,
    share INTEGER NOT NULL,
    out INTEGER NOT NULL,
    line TEXT,
    start INTEGER NOT NULL,
    PRIMARY KEY (use, n),
    CHECK (kind IN ('fee', 'short', 'damaged', 'rejected', 'lost', 'claimed', 'cancelled', 'returned', 'before', 'item', 'stays', 'on')),
    FOREIGN KEY(use) REFERENCES uses (name),
    FOREIGN KEY(line) REFERENCES lines (name)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX use_parts_line ON use_parts (line, start);

CREATE TABLE use_pieces (
    use TEXT NOT NULL,
    n INTEGER NOT NULL,
    start INTEGER NOT NULL,
    stop INTEGER NOT NULL,
    PRIMARY KEY (use, n),
    FOREIGN KEY(use) REFERENCES uses (name)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE withdrawals (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    exchange TEXT NOT NULL,
    outpoint TEXT NOT NULL,
    amount INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX withdrawals_outpoint ON withdrawals (campaign, outpoint);

CREATE INDEX withdrawals_status ON withdrawals (campaign, status);

CREATE TABLE arrivals (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    shipment INTEGER NOT NULL,
    place TEXT NOT NULL,
    reason TEXT,
    report TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(shipment) REFERENCES shipments (entry)
)
 STRICT;

CREATE INDEX arrivals_shipment ON arrivals (shipment);

CREATE TABLE bank_aside_lines (
    entry INTEGER NOT NULL,
    line_entry INTEGER NOT NULL,
    PRIMARY KEY (entry, line_entry),
    FOREIGN KEY(entry) REFERENCES bank_asides (entry),
    FOREIGN KEY(line_entry) REFERENCES bank_lines (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX bank_aside_lines_line ON bank_aside_lines (line_entry);

CREATE TABLE bank_matches (
    entry INTEGER NOT NULL,
    line_entry INTEGER NOT NULL,
    "of" INTEGER NOT NULL,
    bank TEXT NOT NULL,
    amount INTEGER NOT NULL,
    reversed_by INTEGER,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(line_entry) REFERENCES bank_lines (entry),
    FOREIGN KEY("of") REFERENCES entries (seq),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX bank_matches_line ON bank_matches (line_entry);

CREATE INDEX bank_matches_of ON bank_matches ("of", bank);

CREATE TABLE confirmation_lots (
    entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    sent INTEGER NOT NULL,
    good INTEGER NOT NULL,
    damaged INTEGER NOT NULL,
    PRIMARY KEY (entry, n),
    FOREIGN KEY(entry) REFERENCES confirmations (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE contributions (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    bank TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    organisation TEXT,
    reference TEXT,
    reference_likeness TEXT,
    restriction TEXT,
    at TEXT NOT NULL,
    line TEXT NOT NULL,
    line_start INTEGER NOT NULL,
    line_end INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    returned INTEGER NOT NULL,
    charged_back INTEGER NOT NULL,
    blocked_by INTEGER,
    happened TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(blocked_by) REFERENCES gift_blocks (entry)
)
 STRICT;

CREATE INDEX contributions_newest ON contributions (campaign, date, number);

CREATE INDEX contributions_reference ON contributions (bank, reference_likeness);

CREATE INDEX contributions_said ON contributions (reference);

CREATE INDEX contributions_sums ON contributions (campaign, reversed_by, currency, amount, charged_back);

CREATE TABLE conversion_fills (
    conversion_entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    sold INTEGER NOT NULL,
    proceeds INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    PRIMARY KEY (conversion_entry, n),
    FOREIGN KEY(conversion_entry) REFERENCES conversions (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE conversion_sales (
    conversion_entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    use TEXT NOT NULL,
    sold INTEGER NOT NULL,
    proceeds INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    PRIMARY KEY (conversion_entry, n),
    UNIQUE (use),
    FOREIGN KEY(conversion_entry) REFERENCES conversions (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE distribution_recipients (
    entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    place TEXT NOT NULL,
    kind TEXT,
    facilities INTEGER NOT NULL,
    PRIMARY KEY (entry, n),
    CHECK (kind IN ('authority', 'facility', 'school', 'organisation', 'households')),
    FOREIGN KEY(entry) REFERENCES distributions (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE evidence_treatments (
    entry INTEGER NOT NULL,
    treatment TEXT NOT NULL,
    PRIMARY KEY (entry, treatment),
    CHECK (treatment IN ('metadata-removed', 'thumbnails-removed', 'attachments-removed', 'active-content-removed', 'metadata-left')),
    FOREIGN KEY(entry) REFERENCES evidence (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE gift_releases (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    block_entry INTEGER NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(block_entry) REFERENCES gift_blocks (entry)
)
 STRICT;

CREATE INDEX gift_releases_status ON gift_releases (campaign, status);

CREATE TABLE gifts (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    txid TEXT NOT NULL,
    vout INTEGER NOT NULL,
    sats INTEGER NOT NULL,
    date TEXT NOT NULL,
    at TEXT NOT NULL,
    position INTEGER,
    first_height INTEGER NOT NULL,
    block TEXT NOT NULL,
    height INTEGER NOT NULL,
    time INTEGER NOT NULL,
    restriction TEXT,
    counted_in TEXT NOT NULL,
    counts_as TEXT NOT NULL,
    state TEXT NOT NULL,
    mind INTEGER NOT NULL,
    decisions INTEGER NOT NULL,
    line TEXT,
    line_start INTEGER,
    line_end INTEGER,
    shortfall INTEGER,
    value INTEGER,
    currency TEXT,
    valued_by INTEGER,
    valuations_undone INTEGER NOT NULL,
    value_by_hand INTEGER NOT NULL,
    came_from TEXT,
    returned INTEGER NOT NULL,
    blocked_by INTEGER,
    blocked_at TEXT,
    released_at TEXT,
    voided_at TEXT,
    restored_at TEXT,
    PRIMARY KEY (entry),
    UNIQUE (txid, vout),
    CHECK (counted_in IN ('wallet', 'dust', 'undecided', 'blocked')),
    CHECK (counts_as IN ('gift', 'top_up', 'change', 'refund', 'withdrawal', 'undecided')),
    CHECK (state IN ('live', 'voided')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(valued_by) REFERENCES entries (seq),
    FOREIGN KEY(blocked_by) REFERENCES gift_blocks (entry)
)
 STRICT;

CREATE INDEX gifts_campaign ON gifts (campaign, state, counted_in);

CREATE INDEX gifts_line ON gifts (line, line_start, line_end, value) WHERE value IS NOT NULL;

CREATE INDEX gifts_unvalued ON gifts (campaign, state, counted_in, counts_as, at, time, height) WHERE value IS NULL;

CREATE INDEX gifts_wanting ON gifts (campaign, shortfall) WHERE shortfall IS NOT NULL;

CREATE TABLE handover_lots (
    entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (entry, n),
    FOREIGN KEY(entry) REFERENCES handovers (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE indicators (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    number TEXT NOT NULL,
    title TEXT NOT NULL,
    unit TEXT NOT NULL,
    baseline INTEGER NOT NULL,
    target INTEGER NOT NULL,
    "by" TEXT,
    least_cell INTEGER NOT NULL,
    product_entry INTEGER,
    method TEXT,
    date TEXT NOT NULL,
    actual INTEGER NOT NULL,
    until TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(product_entry) REFERENCES products (entry)
)
 STRICT;

CREATE TABLE invoices (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    supplier TEXT NOT NULL,
    likeness TEXT NOT NULL,
    order_entry INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    due TEXT,
    vat INTEGER NOT NULL,
    vat_to TEXT,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry)
)
 STRICT;

CREATE INDEX invoices_likeness ON invoices (supplier, likeness);

CREATE INDEX invoices_number ON invoices (campaign, number);

CREATE INDEX invoices_order ON invoices (order_entry);

CREATE TABLE lots (
    campaign TEXT NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    over_of TEXT,
    likeness TEXT NOT NULL,
    PRIMARY KEY (campaign, product, lot),
    FOREIGN KEY(campaign, product) REFERENCES products (campaign, code),
    FOREIGN KEY(campaign, product, over_of) REFERENCES lots (campaign, product, lot)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX lots_likeness ON lots (campaign, product, likeness);

CREATE TABLE needs (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    recipient TEXT NOT NULL,
    product_entry INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    place TEXT NOT NULL,
    "by" TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(product_entry) REFERENCES products (entry)
)
 STRICT;

CREATE TABLE opened_coins (
    opening_entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    exchange TEXT NOT NULL,
    amount INTEGER NOT NULL,
    until TEXT NOT NULL,
    PRIMARY KEY (opening_entry, n),
    FOREIGN KEY(opening_entry) REFERENCES campaign_openings (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE order_closings (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    order_entry INTEGER NOT NULL,
    discount INTEGER NOT NULL,
    cancellation INTEGER NOT NULL,
    claim INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry)
)
 STRICT;

CREATE INDEX order_closings_order ON order_closings (order_entry, status);

CREATE TABLE period_closings (
    entry INTEGER NOT NULL,
    period_entry INTEGER NOT NULL,
    date TEXT NOT NULL,
    through INTEGER NOT NULL,
    scanned INTEGER NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (period_entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(period_entry) REFERENCES periods (entry)
)
 STRICT;

CREATE TABLE pledge_matches (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    pledge_entry INTEGER NOT NULL,
    gift TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(pledge_entry) REFERENCES pledges (entry)
)
 STRICT;

CREATE INDEX pledge_matches_gift ON pledge_matches (campaign, gift);

CREATE INDEX pledge_matches_pledge ON pledge_matches (pledge_entry);

CREATE TABLE pledge_steps (
    entry INTEGER NOT NULL,
    pledge_entry INTEGER NOT NULL,
    step TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    PRIMARY KEY (entry),
    CHECK (step IN ('committed', 'lapsed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(pledge_entry) REFERENCES pledges (entry),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX pledge_steps_pledge ON pledge_steps (pledge_entry, step);

CREATE TABLE purchase_order_items (
    order_entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    item TEXT NOT NULL,
    product TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    value INTEGER NOT NULL,
    packs INTEGER,
    pack_of INTEGER,
    received_before INTEGER NOT NULL,
    paid_before INTEGER NOT NULL,
    PRIMARY KEY (order_entry, n),
    UNIQUE (order_entry, item),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE rate_quotes (
    rate INTEGER NOT NULL,
    n INTEGER NOT NULL,
    source TEXT NOT NULL,
    price INTEGER NOT NULL,
    pair TEXT,
    at INTEGER,
    cents INTEGER,
    sha256 TEXT,
    PRIMARY KEY (rate, n),
    FOREIGN KEY(rate) REFERENCES rates (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE receipts (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    order_number TEXT NOT NULL,
    item TEXT NOT NULL,
    product TEXT NOT NULL,
    place TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, order_number) REFERENCES purchase_orders (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX receipts_order ON receipts (campaign, order_number, item);

CREATE TABLE repayments (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    loan_entry INTEGER NOT NULL,
    asset TEXT NOT NULL,
    amount INTEGER NOT NULL,
    settles INTEGER,
    fee INTEGER NOT NULL,
    bank TEXT NOT NULL,
    to_bank TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(loan_entry) REFERENCES loans (entry)
)
 STRICT;

CREATE INDEX repayments_loan ON repayments (loan_entry, status);

CREATE INDEX repayments_status ON repayments (campaign, status);

CREATE TABLE return_lots (
    entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (entry, n),
    FOREIGN KEY(entry) REFERENCES returns (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE sanctions_list_addresses (
    list_entry INTEGER NOT NULL,
    script TEXT NOT NULL,
    address TEXT NOT NULL,
    PRIMARY KEY (list_entry, script),
    FOREIGN KEY(list_entry) REFERENCES sanctions_lists (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE shipment_legs (
    entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    origin TEXT NOT NULL,
    destination TEXT NOT NULL,
    carriage TEXT NOT NULL,
    carrier TEXT,
    paper TEXT,
    date TEXT,
    PRIMARY KEY (entry, n),
    CHECK (carriage IN ('air', 'sea', 'road', 'rail', 'hand')),
    FOREIGN KEY(entry) REFERENCES shipments (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE shipment_lots (
    entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (entry, n),
    FOREIGN KEY(entry) REFERENCES shipments (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE shipment_states (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    shipment INTEGER NOT NULL,
    state TEXT NOT NULL,
    place TEXT,
    reason TEXT,
    report TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (state IN ('in_transit', 'shipped', 'customs_hold', 'customs_release', 'delivered', 'partially_received', 'received', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(shipment) REFERENCES shipments (entry)
)
 STRICT;

CREATE INDEX shipment_states_shipment ON shipment_states (shipment);

CREATE TABLE arrival_lots (
    entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    good INTEGER NOT NULL,
    short INTEGER NOT NULL,
    damaged INTEGER NOT NULL,
    lost INTEGER NOT NULL,
    cause TEXT,
    over INTEGER NOT NULL,
    PRIMARY KEY (entry, n),
    CHECK (cause IN ('damage', 'expired', 'stolen', 'lost', 'cold_chain', 'customs', 'recalled')),
    FOREIGN KEY(entry) REFERENCES arrivals (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE charge_backs (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    gift_entry INTEGER NOT NULL,
    bank TEXT NOT NULL,
    currency TEXT NOT NULL,
    amount INTEGER NOT NULL,
    shortfall INTEGER NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(gift_entry) REFERENCES contributions (entry)
)
 STRICT;

CREATE TABLE claims (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    on_whom TEXT NOT NULL,
    debtor TEXT NOT NULL,
    counted_off_by INTEGER NOT NULL,
    paper TEXT NOT NULL,
    ended_in TEXT NOT NULL,
    failure TEXT NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    order_entry INTEGER NOT NULL,
    item TEXT NOT NULL,
    owner TEXT,
    until TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (on_whom IN ('carrier', 'insurer')),
    CHECK (failure IN ('undelivered', 'short', 'damaged', 'rejected', 'returned', 'destroyed', 'lost')),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(counted_off_by) REFERENCES entries (seq),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry)
)
 STRICT;

CREATE INDEX claims_use ON claims (ended_in);

CREATE TABLE confirmation_explanations (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    confirmation INTEGER NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    "by" TEXT NOT NULL,
    document INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    CHECK (by IN ('loss', 'find', 'arrival', 'return', 'handover', 'correction')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(confirmation) REFERENCES confirmations (entry),
    FOREIGN KEY(document) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX confirmation_explanations_confirmation ON confirmation_explanations (confirmation);

CREATE INDEX confirmation_explanations_document ON confirmation_explanations (document);

CREATE TABLE credit_notes (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    supplier TEXT NOT NULL,
    likeness TEXT NOT NULL,
    order_entry INTEGER NOT NULL,
    invoice_entry INTEGER,
    amount INTEGER NOT NULL,
    off_order INTEGER NOT NULL,
    vat INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry),
    FOREIGN KEY(invoice_entry) REFERENCES invoices (entry)
)
 STRICT;

CREATE INDEX credit_notes_invoice ON credit_notes (invoice_entry);

CREATE INDEX credit_notes_likeness ON credit_notes (supplier, likeness);

CREATE INDEX credit_notes_number ON credit_notes (campaign, number);

CREATE INDEX credit_notes_order ON credit_notes (order_entry);

CREATE TABLE distribution_lots (
    entry INTEGER NOT NULL,
    recipient INTEGER NOT NULL,
    n INTEGER NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (entry, recipient, n),
    FOREIGN KEY(entry, recipient) REFERENCES distribution_recipients (entry, n)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE finds (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    counted_off_by INTEGER NOT NULL,
    was TEXT NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    place TEXT NOT NULL,
    reason TEXT NOT NULL,
    report TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    CHECK (was IN ('lost', 'short', 'damaged', 'rejected')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(counted_off_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX finds_counted_off_by ON finds (counted_off_by);

CREATE TABLE gift_valuations (
    entry INTEGER NOT NULL,
    gift INTEGER NOT NULL,
    currency TEXT NOT NULL,
    value INTEGER NOT NULL,
    price INTEGER,
    rate INTEGER,
    paper TEXT,
    title TEXT,
    reversed_by INTEGER,
    PRIMARY KEY (entry),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(gift) REFERENCES gifts (entry),
    FOREIGN KEY(rate) REFERENCES rates (entry),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE gift_void_pieces (
    gift INTEGER NOT NULL,
    piece_start INTEGER NOT NULL,
    piece_end INTEGER NOT NULL,
    PRIMARY KEY (gift, piece_start),
    FOREIGN KEY(gift) REFERENCES gifts (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE in_kind_gifts (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    place TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    damaged INTEGER NOT NULL,
    value INTEGER,
    currency TEXT,
    method TEXT,
    stated_by TEXT,
    paper TEXT,
    organisation TEXT,
    line TEXT NOT NULL,
    line_start INTEGER NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    CHECK (method IN ('quote', 'invoice', 'market_price', 'appraisal', 'cost')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE indicator_cells (
    indicator INTEGER NOT NULL,
    at TEXT NOT NULL,
    dimension TEXT NOT NULL,
    "group" TEXT NOT NULL,
    count INTEGER NOT NULL,
    PRIMARY KEY (indicator, at, dimension, "group"),
    CHECK (dimension IN ('sex', 'age', 'place')),
    FOREIGN KEY(indicator) REFERENCES indicators (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE invoice_acceptances (
    entry INTEGER NOT NULL,
    invoice_entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    reason TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    PRIMARY KEY (entry),
    UNIQUE (invoice_entry, n),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(invoice_entry) REFERENCES invoices (entry),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE invoice_lines (
    invoice_entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    order_entry INTEGER NOT NULL,
    item TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    packs INTEGER,
    pack_of INTEGER,
    PRIMARY KEY (invoice_entry, n),
    FOREIGN KEY(invoice_entry) REFERENCES invoices (entry),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX invoice_lines_order ON invoice_lines (order_entry);

CREATE TABLE losses (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    place TEXT NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    cause TEXT NOT NULL,
    reason TEXT NOT NULL,
    report TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    CHECK (cause IN ('damage', 'expired', 'stolen', 'lost', 'cold_chain', 'customs', 'recalled')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE lot_deliveries (
    entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    place TEXT NOT NULL,
    expiry TEXT,
    noted INTEGER NOT NULL,
    packs INTEGER,
    pack_of INTEGER,
    good INTEGER NOT NULL,
    damaged INTEGER NOT NULL,
    short INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    replaces TEXT,
    replaces_discrepancy TEXT,
    reversed_by INTEGER,
    PRIMARY KEY (entry, n),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    CHECK (replaces_discrepancy IN ('short', 'rejected')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX lot_deliveries_lot ON lot_deliveries (campaign, product, lot);

CREATE TABLE offers (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    partner TEXT NOT NULL,
    need_entry INTEGER NOT NULL,
    product_entry INTEGER NOT NULL,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(need_entry) REFERENCES needs (entry),
    FOREIGN KEY(product_entry) REFERENCES products (entry)
)
 STRICT;

CREATE TABLE other_expiries (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    correction INTEGER NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(correction) REFERENCES corrections (entry)
)
 STRICT;

CREATE INDEX other_expiries_correction ON other_expiries (correction);

CREATE TABLE over_counts (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    place TEXT NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE over_decisions (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    decision TEXT NOT NULL,
    counted_by INTEGER NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    order_number TEXT,
    item TEXT,
    document INTEGER,
    reason TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, decision, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    FOREIGN KEY(campaign, order_number) REFERENCES purchase_orders (campaign, number),
    CHECK (decision IN ('returned', 'accepted', 'explained', 'bought')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(counted_by) REFERENCES entries (seq),
    FOREIGN KEY(document) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX over_decisions_counted_by ON over_decisions (counted_by, product, lot);

CREATE INDEX over_decisions_document ON over_decisions (document);

CREATE INDEX over_decisions_order ON over_decisions (campaign, order_number, item);

CREATE TABLE payments (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    order_entry INTEGER NOT NULL,
    invoice_entry INTEGER,
    asset TEXT NOT NULL,
    amount INTEGER NOT NULL,
    fee INTEGER NOT NULL,
    discharges INTEGER NOT NULL,
    withheld INTEGER NOT NULL,
    vat INTEGER NOT NULL,
    bank TEXT,
    txid TEXT,
    prepayment INTEGER NOT NULL,
    no_invoice TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry),
    FOREIGN KEY(invoice_entry) REFERENCES invoices (entry)
)
 STRICT;

CREATE INDEX payments_invoice ON payments (invoice_entry, status);

CREATE INDEX payments_order ON payments (order_entry, status);

CREATE INDEX payments_status ON payments (campaign, status, number);

CREATE TABLE period_balances (
    closing_entry INTEGER NOT NULL,
    account TEXT NOT NULL,
    asset TEXT NOT NULL,
    opening INTEGER NOT NULL,
    closing INTEGER NOT NULL,
    PRIMARY KEY (closing_entry, account, asset),
    FOREIGN KEY(closing_entry) REFERENCES period_closings (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE recalls (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    reason TEXT NOT NULL,
    report TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX recalls_lot ON recalls (campaign, product, lot);

CREATE INDEX recalls_maker ON recalls (lot);

CREATE TABLE results (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    indicator_entry INTEGER NOT NULL,
    at TEXT,
    counts TEXT NOT NULL,
    start TEXT,
    "end" TEXT NOT NULL,
    total INTEGER NOT NULL,
    new INTEGER NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (counts IN ('period', 'to_date')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(indicator_entry) REFERENCES indicators (entry)
)
 STRICT;

CREATE INDEX results_indicator ON results (indicator_entry, reversed_by);

CREATE TABLE claim_ends (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    claim INTEGER NOT NULL,
    became TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    document INTEGER NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    CHECK (became IN ('credited', 'replaced')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(claim) REFERENCES claims (entry),
    FOREIGN KEY(document) REFERENCES entries (seq)
)
 STRICT;

CREATE INDEX claim_ends_claim ON claim_ends (claim);

CREATE INDEX claim_ends_document ON claim_ends (document);

CREATE TABLE covers (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    charge_back_entry INTEGER,
    bank TEXT,
    gift_entry INTEGER,
    coin TEXT,
    spend_entry INTEGER,
    instead_entry INTEGER,
    asset TEXT NOT NULL,
    amount INTEGER NOT NULL,
    ended_by INTEGER,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(charge_back_entry) REFERENCES charge_backs (entry),
    FOREIGN KEY(gift_entry) REFERENCES gifts (entry),
    FOREIGN KEY(spend_entry) REFERENCES spends (entry),
    FOREIGN KEY(instead_entry) REFERENCES spends (entry),
    FOREIGN KEY(ended_by) REFERENCES entries (seq)
)
 STRICT;

CREATE TABLE credit_note_lines (
    note_entry INTEGER NOT NULL,
    n INTEGER NOT NULL,
    item TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    packs INTEGER,
    pack_of INTEGER,
    PRIMARY KEY (note_entry, n),
    FOREIGN KEY(note_entry) REFERENCES credit_notes (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE followed_claims (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    order_entry INTEGER,
    claim INTEGER,
    owner TEXT NOT NULL,
    until TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry),
    FOREIGN KEY(claim) REFERENCES claims (entry)
)
 STRICT;

CREATE INDEX followed_claims_order ON followed_claims (order_entry);

CREATE TABLE gift_valuation_conversions (
    valuation INTEGER NOT NULL,
    n INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    number TEXT NOT NULL,
    PRIMARY KEY (valuation, n),
    FOREIGN KEY(valuation) REFERENCES gift_valuations (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE INDEX gift_valuation_conversions_number ON gift_valuation_conversions (campaign, number);

CREATE TABLE invoice_accepted_mismatches (
    acceptance_entry INTEGER NOT NULL,
    mismatch TEXT NOT NULL,
    PRIMARY KEY (acceptance_entry, mismatch),
    CHECK (mismatch IN ('short', 'over', 'nothing_received', 'more_billed', 'price', 'unbilled')),
    FOREIGN KEY(acceptance_entry) REFERENCES invoice_acceptances (entry)
)
 WITHOUT ROWID,
 STRICT;

CREATE TABLE other_lots (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    recall INTEGER NOT NULL,
    product TEXT NOT NULL,
    lot TEXT NOT NULL,
    reason TEXT NOT NULL,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    FOREIGN KEY(campaign, product, lot) REFERENCES lots (campaign, product, lot),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(recall) REFERENCES recalls (entry)
)
 STRICT;

CREATE INDEX other_lots_recall ON other_lots (recall);

CREATE TABLE recall_outcomes (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    recall INTEGER NOT NULL,
    at TEXT NOT NULL,
    place TEXT NOT NULL,
    became TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    reason TEXT NOT NULL,
    report TEXT,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (at IN ('stock', 'organisation', 'people')),
    CHECK (became IN ('destroyed', 'used', 'not_found')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(recall) REFERENCES recalls (entry)
)
 STRICT;

CREATE INDEX recall_outcomes_recall ON recall_outcomes (recall);

CREATE TABLE supplier_refunds (
    entry INTEGER NOT NULL,
    campaign TEXT NOT NULL,
    date TEXT NOT NULL,
    reversed_by INTEGER,
    number TEXT NOT NULL,
    happened TEXT,
    document_date TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    status TEXT NOT NULL,
    decided_by INTEGER,
    decided_on TEXT,
    order_entry INTEGER NOT NULL,
    credit_note_entry INTEGER,
    item TEXT NOT NULL,
    failure TEXT NOT NULL,
    value INTEGER,
    lot TEXT,
    quantity INTEGER,
    returned_by TEXT,
    destroyed_by TEXT,
    asset TEXT NOT NULL,
    amount INTEGER NOT NULL,
    makes_good INTEGER NOT NULL,
    bank TEXT,
    outpoint TEXT,
    written_off TEXT,
    rest INTEGER NOT NULL,
    rest_of INTEGER,
    claim INTEGER,
    PRIMARY KEY (entry),
    UNIQUE (campaign, number),
    CHECK (failure IN ('undelivered', 'short', 'damaged', 'rejected', 'returned', 'destroyed', 'lost')),
    CHECK (status IN ('pending', 'approved', 'rejected', 'reversed')),
    FOREIGN KEY(entry) REFERENCES entries (seq),
    FOREIGN KEY(campaign) REFERENCES campaigns (slug),
    FOREIGN KEY(reversed_by) REFERENCES entries (seq),
    FOREIGN KEY(decided_by) REFERENCES entries (seq),
    FOREIGN KEY(order_entry) REFERENCES purchase_orders (entry),
    FOREIGN KEY(credit_note_entry) REFERENCES credit_notes (entry),
    FOREIGN KEY(rest_of) REFERENCES supplier_refunds (entry),
    FOREIGN KEY(claim) REFERENCES claims (entry)
)
 STRICT;

CREATE INDEX supplier_refunds_claim ON supplier_refunds (claim, status);

CREATE INDEX supplier_refunds_coin ON supplier_refunds (campaign, outpoint);

CREATE INDEX supplier_refunds_note ON supplier_refunds (credit_note_entry, status);

CREATE INDEX supplier_refunds_order ON supplier_refunds (order_entry, status);

CREATE INDEX supplier_refunds_rest ON supplier_refunds (rest_of, status);

CREATE INDEX supplier_refunds_status ON supplier_refunds (campaign, status);

CREATE TRIGGER entries_insert BEFORE INSERT ON entries BEGIN SELECT RAISE(ABORT, 'entries is append-only: seq is not the next') WHERE NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM entries); SELECT RAISE(ABORT, 'entries is append-only: key is recorded already') WHERE EXISTS (SELECT 1 FROM entries WHERE key = NEW.key); END;

CREATE TRIGGER entries_update BEFORE UPDATE ON entries WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'entries is append-only: no row is changed or removed'); END;

CREATE TRIGGER entries_delete BEFORE DELETE ON entries BEGIN SELECT RAISE(ABORT, 'entries is append-only: no row is changed or removed'); END;

CREATE TRIGGER transfers_insert BEFORE INSERT ON transfers BEGIN SELECT RAISE(ABORT, 'transfers is append-only: seq is not of the newest entry') WHERE NEW.seq IS NOT (SELECT max(seq) FROM entries); SELECT RAISE(ABORT, 'transfers is append-only: n is not the next') WHERE NEW.n IS NOT (SELECT coalesce(max(n), 0) + 1 FROM transfers WHERE seq = NEW.seq); SELECT RAISE(ABORT, 'transfers is append-only: the entry has no more transfers') WHERE NEW.n > (SELECT transfers FROM entries WHERE seq = NEW.seq); END;

CREATE TRIGGER transfers_update BEFORE UPDATE ON transfers WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'transfers is append-only: no row is changed or removed'); END;

CREATE TRIGGER transfers_delete BEFORE DELETE ON transfers BEGIN SELECT RAISE(ABORT, 'transfers is append-only: no row is changed or removed'); END;

CREATE TRIGGER observations_insert BEFORE INSERT ON observations BEGIN SELECT RAISE(ABORT, 'observations is append-only: n is not the next') WHERE NEW.n IS NOT (SELECT coalesce(max(n), 0) + 1 FROM observations); END;

CREATE TRIGGER observations_update BEFORE UPDATE ON observations WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'observations is append-only: no row is changed or removed'); END;

CREATE TRIGGER observations_delete BEFORE DELETE ON observations BEGIN SELECT RAISE(ABORT, 'observations is append-only: no row is changed or removed'); END;

CREATE TRIGGER audit_insert BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only: n is not the next') WHERE NEW.n IS NOT (SELECT coalesce(max(n), 0) + 1 FROM audit); END;

CREATE TRIGGER audit_update BEFORE UPDATE ON audit WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'audit is append-only: no row is changed or removed'); END;

CREATE TRIGGER audit_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only: no row is changed or removed'); END;

CREATE TRIGGER authors_insert BEFORE INSERT ON authors BEGIN SELECT RAISE(ABORT, 'authors is append-only: the entry has its author') WHERE EXISTS (SELECT 1 FROM authors WHERE seq = NEW.seq); SELECT RAISE(ABORT, 'authors is append-only: there is no such entry') WHERE NOT EXISTS (SELECT 1 FROM entries WHERE seq = NEW.seq); END;

CREATE TRIGGER authors_update BEFORE UPDATE ON authors WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'authors is append-only: no row is changed or removed'); END;

CREATE TRIGGER authors_delete BEFORE DELETE ON authors BEGIN SELECT RAISE(ABORT, 'authors is append-only: no row is changed or removed'); END;

CREATE TRIGGER addresses_insert BEFORE INSERT ON addresses BEGIN SELECT RAISE(ABORT, 'addresses is given out once: script is there already') WHERE EXISTS (SELECT 1 FROM addresses WHERE script = NEW.script); SELECT RAISE(ABORT, 'addresses is given out once: address is there already') WHERE EXISTS (SELECT 1 FROM addresses WHERE address = NEW.address); SELECT RAISE(ABORT, 'addresses is given out once: claim is there already') WHERE EXISTS (SELECT 1 FROM addresses WHERE claim = NEW.claim); END;

CREATE TRIGGER addresses_update BEFORE UPDATE ON addresses WHEN NEW.script IS NOT OLD.script OR NEW.address IS NOT OLD.address OR NEW.campaign IS NOT OLD.campaign OR NEW.branch IS NOT OLD.branch OR NEW.idx IS NOT OLD.idx OR NEW.source IS NOT OLD.source OR (NEW.restriction IS NOT OLD.restriction AND (OLD.restriction IS NOT NULL OR OLD.given_at IS NOT NULL OR OLD.used <> 0)) OR (OLD.given_at IS NOT NULL AND (NEW.given_at IS NOT OLD.given_at OR NEW.claim IS NOT OLD.claim)) OR EXISTS (SELECT 1 FROM addresses WHERE claim = NEW.claim AND script <> NEW.script) BEGIN SELECT RAISE(ABORT, 'addresses is given out once: no row is changed or removed'); END;

CREATE TRIGGER addresses_delete BEFORE DELETE ON addresses BEGIN SELECT RAISE(ABORT, 'addresses is given out once: no row is changed or removed'); END;

CREATE TRIGGER papers_insert BEFORE INSERT ON papers BEGIN SELECT RAISE(ABORT, 'papers is append-only: the paper is kept already') WHERE EXISTS (SELECT 1 FROM papers WHERE sha256 = NEW.sha256); END;

CREATE TRIGGER papers_update BEFORE UPDATE ON papers WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'papers is append-only: no row is changed or removed'); END;

CREATE TRIGGER papers_delete BEFORE DELETE ON papers WHEN NOT EXISTS (SELECT 1 FROM audit WHERE n = (SELECT max(n) FROM audit) AND action = 'paper removed' AND subject = OLD.sha256) BEGIN SELECT RAISE(ABORT, 'papers is append-only: no row is changed or removed'); END;

CREATE TRIGGER paper_treatments_insert BEFORE INSERT ON paper_treatments BEGIN SELECT RAISE(ABORT, 'paper_treatments is append-only: the treatment is there already') WHERE EXISTS (SELECT 1 FROM paper_treatments WHERE sha256 = NEW.sha256 AND treatment = NEW.treatment); END;

CREATE TRIGGER paper_treatments_update BEFORE UPDATE ON paper_treatments WHEN 1=1 BEGIN SELECT RAISE(ABORT, 'paper_treatments is append-only: no row is changed or removed'); END;

CREATE TRIGGER paper_treatments_delete BEFORE DELETE ON paper_treatments WHEN NOT EXISTS (SELECT 1 FROM audit WHERE n = (SELECT max(n) FROM audit) AND action = 'paper removed' AND subject = OLD.sha256) BEGIN SELECT RAISE(ABORT, 'paper_treatments is append-only: no row is changed or removed'); END;
