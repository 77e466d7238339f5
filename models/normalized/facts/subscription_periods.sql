-- One row per period of a subscription with one price, of all products: from which local day, until which, for how much.
-- Fees are kept per year, so that the twelfth of a sum is taken, and rounded, once.
with events as (
    select * from {{ ref('events') }} where is_analyzable
),

payments as (
    select * from {{ ref('payments') }} where kind = 'payment'
),

roles as (
    select product, event_name, role from {{ ref('plan_subscription_events') }}
),

clock as (
    select product, as_of_end_at from {{ ref('reporting_clock') }}
),

products as (
    select product, default_currency, utc_offset_minutes from {{ ref('plan_products') }}
),

currencies as (
    select currency, cast(power(10, minor_unit_exponent) as bigint) as minor_units_per_major from {{ ref('ref_currencies') }}
),

billing_periods as (
    select billing_period, periods_per_year from {{ ref('plan_billing_periods') }}
),

statuses as (
    select * from {{ ref('plan_subscription_statuses') }}
),

settings as (
    select
        cast({{ plan_setting('past_due_grace_days') }} as integer) as past_due_grace_days,
        cast({{ plan_setting('payment_period_days') }} as integer) as payment_period_days
),

-- A currency that was sent and is none was taken out of the event; it must not turn into the default.
unreadable_currencies as (
    select distinct {{ line_key() | join(', ') }}
    from {{ ref('event_violations') }}
    where canonical_column = 'currency' and replacement = 'null'
),

told as (
    select
        {{ columns_of('events', [
            'event_key', 'product', 'known_user_id', 'order_id', 'subscription_id', 'plan_name', 'billing_period',
            'subscription_status', 'is_trial_text', 'occurred_at', 'received_at', 'plan_order', 'event_date',
        ]) }},
        roles.role,
        products.utc_offset_minutes,
        case
            when unreadable_currencies.product is not null then 'XXX'
            else coalesce(events.currency, products.default_currency)
        end as currency,
        coalesce(events.known_person_key, events.event_key) as holder,
        {{ try_decimal('events.amount_text', 6) }} as amount,
        -- The far end of the calendar is no end.
        case when events.ends_at_text not like '9999-%' then events.ends_at_text end as ends_at_text
    from events
    inner join roles on events.product = roles.product and events.event_name = roles.event_name
    inner join clock on events.product = clock.product
    inner join products on events.product = products.product
    left join unreadable_currencies on {{ same_line('events', 'unreadable_currencies') }}
    where events.occurred_at < clock.as_of_end_at
),

recorded as (
    select
        *,
        cast({{ plus_minutes(
            utc_timestamp('ends_at_text', time_kind('ends_at_text'), 'utc_offset_minutes'), 'utc_offset_minutes'
        ) }} as {{ date_type() }}) as sent_end_date,
        cast({{ plus_minutes('received_at', 'utc_offset_minutes') }} as {{ date_type() }}) as received_date
    from told
    where role = 'record'
),

record_periods as (
    select
        recorded.event_key,
        recorded.product,
        recorded.order_id as subscription_key,
        recorded.known_user_id as person_key,
        recorded.plan_name,
        recorded.currency,
        recorded.event_date as start_date,
        {{ plus_days('recorded.sent_end_date', 'case when statuses.has_grace then settings.past_due_grace_days else 0 end') }} as end_date,
        recorded.amount * 12 as annual_fee,
        -- Dates win: a status that is not known does not stop the revenue.
        coalesce(statuses.is_paying, true) as is_paying,
        true as is_closed_by_end,
        coalesce(
            case statuses.expected_end
                when 'ahead' then recorded.sent_end_date <= recorded.received_date
                when 'known' then recorded.sent_end_date is null
                when 'passed' then recorded.sent_end_date is null or recorded.sent_end_date > recorded.received_date
            end, false
        ) as is_status_contradicted,
        false as is_assumed
    from recorded
    cross join settings
    left join statuses on recorded.subscription_status = statuses.status
),

-- What names no subscription belongs to the only one of its person that has a name, else to the person.
named as (
    select
        *,
        min(subscription_id) over (partition by product, holder) as first_subscription_id,
        max(subscription_id) over (partition by product, holder) as last_subscription_id
    from told
    where role in ('terms', 'end')
),

chained as (
    select
        *,
        coalesce(
            subscription_id,
            case when first_subscription_id = last_subscription_id then first_subscription_id end,
            holder
        ) as subscription_key
    from named
    -- A change that names no price changes none.
    where role = 'end' or amount is not null
),

-- A change may leave out the billing period: it is the last one told.
numbered as (
    select
        *,
        count(billing_period) over (partition by product, subscription_key order by {{ event_order('chained') }}) as told_billing_periods
    from chained
),

followed as (
    select
        *,
        max(billing_period) over (partition by product, subscription_key, told_billing_periods) as last_billing_period,
        max(known_user_id) over (partition by product, subscription_key) as person_key,
        lead({{ nullable('event_date') }}) over (partition by product, subscription_key order by {{ event_order('numbered') }}) as next_date,
        lead({{ nullable('role') }}) over (partition by product, subscription_key order by {{ event_order('numbered') }}) as next_role
    from numbered
),

event_periods as (
    select
        followed.event_key,
        followed.product,
        followed.subscription_key,
        followed.person_key,
        followed.plan_name,
        followed.currency,
        followed.event_date as start_date,
        followed.next_date as end_date,
        followed.amount * billing_periods.periods_per_year as annual_fee,
        coalesce(followed.is_trial_text, 'false') <> 'true' as is_paying,
        coalesce(followed.next_role = 'end', false) as is_closed_by_end,
        false as is_status_contradicted,
        false as is_assumed
    from followed
    left join billing_periods on followed.last_billing_period = billing_periods.billing_period
    where followed.role = 'terms'
),

paid as (
    select
        {{ columns_of('payments', [
            'event_key', 'product', 'person_key', 'order_key', 'plan_name', 'currency', 'event_date', 'amount_minor',
        ]) }},
        {{ plus_days('payments.event_date', 'settings.payment_period_days') }} as paid_until,
        lead({{ nullable('payments.event_date') }}) over (
            partition by payments.product, coalesce(payments.person_key, payments.order_key) order by {{ event_order('payments') }}
        ) as next_date
    from payments
    inner join roles on payments.product = roles.product and payments.event_name = roles.event_name
    cross join settings
    where roles.role = 'payment'
),

payment_periods as (
    select
        event_key,
        product,
        coalesce(person_key, order_key) as subscription_key,
        person_key,
        plan_name,
        currency,
        event_date as start_date,
        -- The next payment takes the place of this one, early or not.
        least(paid_until, coalesce(next_date, paid_until)) as end_date,
        amount_minor * 12 as annual_fee_minor,
        true as is_paying,
        false as is_closed_by_end,
        false as is_status_contradicted,
        true as is_assumed
    from paid
),

{%- set columns = ['event_key', 'product', 'subscription_key', 'person_key', 'plan_name', 'currency', 'start_date', 'end_date',
                   'is_paying', 'is_closed_by_end', 'is_status_contradicted', 'is_assumed'] %}

periods as (
    {% for relation in ['record_periods', 'event_periods'] %}
    select
        {{ columns_of(relation, columns) }},
        cast({{ relation }}.annual_fee * currencies.minor_units_per_major as decimal(38, 6)) as annual_fee_minor
    from {{ relation }}
    left join currencies on {{ relation }}.currency = currencies.currency
    union all
    {% endfor %}
    select
        {{ columns | join(', ') }},
        cast(annual_fee_minor as decimal(38, 6)) as annual_fee_minor
    from payment_periods
)

select
    event_key,
    product,
    coalesce(subscription_key, event_key) as subscription_key,
    coalesce(person_key, subscription_key, event_key) as customer,
    person_key,
    coalesce(plan_name, 'unknown') as subscription_type,
    currency,
    start_date,
    end_date,
    annual_fee_minor,
    is_paying,
    is_closed_by_end and coalesce(end_date = start_date, false) as is_same_day,
    is_status_contradicted,
    is_assumed
from periods
-- A period that was taken over on its own first day is none.
where end_date is null or end_date > start_date or (is_closed_by_end and end_date = start_date)
